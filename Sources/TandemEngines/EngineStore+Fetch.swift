import Foundation

extension EngineStore {
    /// Fetches what another machine needs for engines, and installs nothing: Debian's indexes, whose signatures are checked here, and the packages
    /// with all that they need. Put into the other machine's store, they are what ``install(_:)`` there goes on with, without a network.
    /// - Parameter architecture: of the other machine, as Debian names it: `amd64` or `arm64`.
    /// - Returns: the names of the folders in this store that the other one is to get.
    public func fetch(_ engines: [Engine], architecture: String) async throws -> [String] {
        try await locked {
            try checkKeyring()
            try checkSpace(for: engines)
            let own = try await DebianMachine.ask()
            let machine = try DebianMachine(architecture: architecture, mirrors: own.mirrors)
            let suites = Suite.allCases.filter { suite in engines.contains { $0.recipe.suite == suite } }
            let workspaces = try await openWorkspaces(suites, machine: machine, allowsStale: false)
            for engine in engines {
                guard let workspace = workspaces[engine.recipe.suite] else { continue }
                let packages = EngineBuild.packages(of: engine)
                let plan = try await workspace.plan(packages)
                let missing = try workspace.missing(of: plan)
                let bytes = missing.reduce(0) { $0 + $1.record.bytes }
                let version = try EngineBuild.version(of: engine, in: plan)
                progress(.planned(engine, version: "\(version)", packages: missing.count, bytes: bytes))
                try await workspace.fetch(packages, plan: plan, missing: missing, engine: engine, progress: progress)
            }
            for workspace in workspaces.values {
                try BroughtIndex(sources: workspace.configuration.sources).write(workspace.configuration.folder)
            }
            return suites.map { (AptWorkspace.folder(of: $0, store: folder) as NSString).lastPathComponent }
        }
    }

    /// Deletes what ``fetch(_:architecture:)`` has left.
    public func forgetFetched() async throws {
        try await locked { try removeWorkspaces() }
    }
}

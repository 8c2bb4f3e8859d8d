import Foundation

extension EngineStore {
    /// Fetches what another machine needs for engines, and installs nothing: Debian's indexes, whose signatures are
    /// checked here, and the packages with all that they need. Put into the other machine's store, they are what
    /// ``install(_:)`` there goes on with, without a network.
    /// - Parameter architecture: of the other machine, as Debian names it: `amd64` or `arm64`.
    /// - Returns: the names of the folders in this store that the other one is to get.
    public func fetch(_ engines: [Engine], architecture: String) async throws -> [String] {
        try await locked {
            try checkKeyring()
            try checkSpace(for: engines)
            let own = try await DebianMachine.ask()
            let machine = try DebianMachine(architecture: architecture, mirrors: own.mirrors)
            let suites = Self.suites(of: engines)
            let workspaces = try await openWorkspaces(suites, machine: machine, allowsStale: false)
            for engine in engines {
                guard let workspace = workspaces[engine.recipe.suite] else { continue }
                try await EngineBuild(engine, store: self, machine: machine, workspace: workspace).fetch()
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

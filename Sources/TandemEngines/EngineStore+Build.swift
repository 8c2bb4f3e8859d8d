import Foundation
import Glibc

extension EngineStore {
    /// Runs a body as the only run that changes the store.
    func locked<Result: Sendable>(_ body: () async throws -> Result) async throws -> Result {
        try checkFolderName()
        try makeFolder(folder)
        return try await StoreLock.with(folder: folder, bound: lockBound, progress: progress, body: body)
    }

    /// Builds engines one after the other and records each as soon as it is complete.
    /// - Parameters:
    ///   - allowsStale: whether an index that an interrupted run fetched will do without a network.
    ///   - isWanted: looks at the plan of each engine before anything of it is fetched.
    func build(
        _ engines: [Engine], allowsStale: Bool, isWanted: (Engine, EngineBuild) async throws -> Bool
    ) async throws {
        guard !engines.isEmpty else { return }
        let suites = Self.suites(of: engines)
        // Whoever brought an index has checked its signatures.
        if try !suites.allSatisfy({ try BroughtIndex.read(AptWorkspace.folder(of: $0, store: folder)) != nil }) {
            try checkKeyring()
        }
        try checkSpace(for: engines)
        let machine = try await DebianMachine.ask()
        let workspaces = try await openWorkspaces(suites, machine: machine, allowsStale: allowsStale)
        for engine in engines {
            guard let workspace = workspaces[engine.recipe.suite] else { continue }
            let build = try await EngineBuild(engine, store: self, machine: machine, workspace: workspace)
            guard try await isWanted(engine, build) else { continue }
            let record = try await build.run()
            var file = try RecordFile.read(folder: folder)
            file.add(record)
            try file.write(folder: folder)
        }
        // Only now: until everything is installed, a next run wants to go on with what was fetched.
        try removeWorkspaces()
    }

    /// All of them: one may be left of a run whose other engines are complete.
    func removeWorkspaces() throws {
        for suite in Suite.allCases { try removeTree(AptWorkspace.folder(of: suite, store: folder)) }
    }

    static func suites(of engines: [Engine]) -> [Suite] {
        Suite.allCases.filter { suite in engines.contains { $0.recipe.suite == suite } }
    }

    func openWorkspaces(
        _ suites: [Suite], machine: DebianMachine, allowsStale: Bool
    ) async throws -> [Suite: AptWorkspace] {
        try await withThrowingTaskGroup(of: AptWorkspace.self) { group in
            for suite in suites {
                group.addTask {
                    try await AptWorkspace.open(
                        suite: suite, store: folder, archive: archive, machine: machine, allowsStale: allowsStale,
                        progress: progress)
                }
            }
            return try await group.reduce(into: [:]) { $0[$1.suite] = $1 }
        }
    }

    /// Deletes what interrupted runs have left: prefixes without a record.
    func sweep(_ file: RecordFile) throws {
        // By name, and not by path: the folder may have been reached through a symbolic link before.
        let known = Set(file.engines.map { ($0.prefix as NSString).lastPathComponent })
        for name in names(in: folder) where !known.contains(name) {
            guard Engine.allCases.contains(where: { name.hasPrefix("\($0.rawValue)-") }) else { continue }
            guard ProcessTable.users(of: "\(folder)/\(name)").isEmpty else { continue }
            try removeTree("\(folder)/\(name)")
        }
    }

    /// MySQL's and etcd's data moves to a newer series when a server of it starts, and never back.
    static func checkSeries(from known: EngineRecord, to offered: Version, allowsChange: Bool) throws {
        let title = known.engine.title
        guard [.mysql, .etcd].contains(known.engine), !allowsChange, let version = Version(known.version) else {
            return
        }
        guard version.series != offered.series else { return }
        throw EngineError(
            .series, doing: "replace \(title) \(version)",
            what: "Debian now has \(offered), which is another series (\(offered.series) instead of \(version.series))",
            next: """
                A new series changes the data for good: it cannot be opened by \(version.series) afterwards. Read \(title)'s \
                notes on upgrading, make a backup, and allow it explicitly: \
                `tandem engines update \(known.engine.rawValue) --allow-series-change`.
                """)
    }

    /// The path goes into the programs, into apt's settings and into lists that are separated by colons.
    private func checkFolderName() throws {
        let refused = folder.first { ":;$\"'\\%".contains($0) || $0.isNewline }
        guard folder.hasPrefix("/"), refused == nil else {
            throw EngineError(
                .folder, doing: "use the folder \(folder)",
                what: refused.map { "its path contains \($0)" } ?? "its path is not absolute",
                next: "Set TANDEM_ENGINES to an absolute path without : ; $ ' \" % and backslashes.")
        }
    }

    func checkKeyring() throws {
        guard !archive.keyring.contains(where: { $0.isWhitespace || "[]\"".contains($0) }) else {
            throw EngineError(
                .keyring, doing: "use the keys in \(archive.keyring)", what: "apt cannot read a path with spaces in it",
                next: "Copy the file to a path without spaces and brackets.")
        }
        guard isReadable(archive.keyring) else {
            throw EngineError(
                .keyring, doing: "check Debian's signatures",
                what: "Debian's keys are not on this machine: \(archive.keyring) \(systemError())",
                next: "Install them: sudo apt-get install debian-archive-keyring")
        }
    }

    func checkSpace(for engines: [Engine]) throws {
        // Besides the engines themselves: the package indexes.
        let needed = engines.reduce(Int64(80 << 20)) { $0 + $1.recipe.neededBytes }
        guard let free = freeBytes(at: folder), free < needed else { return }
        throw EngineError(
            .diskSpace, doing: "install \(engines.map(\.title).joined(separator: ", ")) in \(folder)",
            what: "it needs \(megabytes(needed)), and the disk has \(megabytes(free)) free",
            next: "Free some space, or set TANDEM_ENGINES to a folder on another disk.")
    }
}

/// Who runs what, as far as this user may see.
enum ProcessTable {
    /// The processes whose program lies in a folder.
    static func users(of folder: String) -> [Int32] {
        names(in: "/proc").compactMap { Int32($0) }.filter { process in
            let program = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(process)/exe")
            return program?.hasPrefix("\(folder)/") ?? false
        }
    }
}

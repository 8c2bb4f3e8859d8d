import Logging
import TandemBlueprint
import TandemStack

extension HostAgent {
    /// Has the real programs look at the files that this host would get. Changes nothing.
    /// - Throws: `RefusedFile`.
    func check(_ next: AppliedHost) async throws {
        let layout = folder.layout(host: host.name, applied: next.applied)
        // HAProxy only checks its file with these sockets; the agent's own stay as they are.
        let sockets = HeldSockets(logger: logger)
        defer { sockets.keep(only: []) }
        // Rather refused than taken up by an agent that could not begin.
        _ = try AppAccount.find(next, host: host.name)
        try await StagedFiles(
            host: host.name, blueprint: next.blueprint(host: host.name, folder: folder),
            starter: ProcessStarter(applied: next.applied, secrets: next.secrets, layout: layout, sockets: sockets)
        ).check()
    }

    /// Replaces this host's certificates; who uses one notices.
    nonisolated func write(_ certificates: [HostFile]) throws {
        try folder.write(certificates, of: host.name)
        try AppAccount.publish(given, host: host.name, folder: folder)
    }

    /// Gives this host new settings. It is written down first, so that an agent that dies from here on is followed by
    /// one that goes on with it.
    /// - Returns: the version by which `status` knows them.
    func apply(_ next: AppliedHost) async throws -> String {
        try await check(next)
        try next.save(host: host.name, folder: folder)
        // Where no keeper shares the folder, for commands that are run on the host itself.
        if FleetState.load(folder) != nil { try AtomicFile.write(next.applied, to: folder.appliedFile) }
        logger.info("taking up new settings")
        beginAnew()
        return try next.version
    }

    /// Ends a service and has it started again; returns once it has ended.
    /// - Parameter name: as in `status`, such as `app-2`.
    func restart(_ name: String) async throws {
        guard let owner = owners.first(where: { $0.service.statusName == name }) else {
            throw StateError("\(host.name) has no service named '\(name)'")
        }
        try await owner.restart()
    }
}

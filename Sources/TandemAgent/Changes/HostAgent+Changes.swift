import Logging
import TandemBlueprint
import TandemStack

extension HostAgent {
    /// Has the real programs look at the files that this host would get. Changes nothing.
    /// - Throws: `RefusedFile`.
    func check(_ next: AppliedHost) async throws {
        let layout = folder.layout(host: host.name, applied: next.applied)
        try await StagedFiles(
            host: host.name, blueprint: next.blueprint(host: host.name, folder: folder),
            starter: ProcessStarter(applied: next.applied, secrets: next.secrets, layout: layout)
        ).check()
    }

    /// Gives this host new settings. It is written down first, so that an agent that dies from here on is followed by one
    /// that goes on with it.
    /// - Returns: the version by which `status` knows them.
    func apply(_ next: AppliedHost) async throws -> String {
        try await check(next)
        try next.save(host: host.name, folder: folder)
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

import Foundation
import Logging
import TandemBlueprint
import TandemStack

/// What an agent looks at and puts on disk before it begins.
extension HostAgent {
    /// A host that has just become a balancer has an agent that was started without the front's sockets.
    func checkFrontSockets() async throws {
        let wanted = blueprint.services.flatMap(\.sockets)
        guard layout.front != nil else {
            for service in blueprint.services where !service.sockets.isEmpty {
                if let process = serviceProcess(service).record?.identity {
                    sockets.take(service.sockets, from: process)
                }
            }
            return sockets.keep(only: wanted)
        }
        for socket in wanted
        where !ListenerCheck.isListening(socket.descriptor, address: socket.address, port: socket.port) {
            // Until the keeper has read of it.
            try await Task.sleep(for: .milliseconds(600))
            throw StateError("the front's sockets were not handed to this agent; the keeper starts it again with them")
        }
    }

    /// An earlier version of the agent may have written down more secrets than this host's roles use.
    private func forgetSurplusSecrets() throws {
        let file = folder.appliedFile(host: host.name)
        guard let whole = try? JSONText.decode(AppliedHost.self, fromFile: file), whole != given else { return }
        try given.save(host: host.name, folder: folder)
    }

    func prepareFiles() async throws {
        for path in blueprint.folders { try Folders.make(path) }
        socketHold = FolderHold(layout.socketFolder)
        try forgetSurplusSecrets()
        try Folders.make(folder.records(host.name))
        try AppAccount.publish(given, host: host.name, folder: folder)
        removeMonitorRemains()
        let first = try PortGuard.firstPlan(blueprint, stack: applied.stack, host: host, layout: layout, app: app)
        rotation = AppRotation(avoided: first.avoided, strange: first.avoided)
        if host.has(.web) || host.has(.app) { markLeaving() }
        for file in first.blueprint.files { try AtomicFile.write(file.contents, to: file.path, mode: file.mode) }
    }
}

extension Logger {
    /// It would report every long poll that our own end cuts short.
    var quiet: Logger {
        var logger = self
        logger.logLevel = .critical
        return logger
    }
}

import Foundation
import Glibc
import Logging
import TandemBlueprint
import TandemServices
import TandemStack

/// Who of this host gets requests.
struct AppRotation: Sendable {
    /// Ports of instances of the app that nginx was last told to send nothing to.
    var avoided: Set<Int> = []
    /// Those of them where another user's program listens.
    var strange: Set<Int> = []
    /// Ports of instances that are being restarted, in the order in which that began.
    var leaving: [Int] = []
    var isNginxLeaving = false
}

/// Who gets requests through this host's nginx.
extension HostAgent {
    /// How often it is looked who listens on the services' ports.
    private static let guardInterval = Duration.milliseconds(500)

    /// Looks for other users' programs on the services' ports. The agent has nginx send nothing to an instance of the
    /// app whose port such a program has, so that requests go to the app of another host.
    func guardPorts() async {
        while !Task.isCancelled {
            let sockets = ListeningSockets.now()
            var strange: Set<Int> = []
            for owner in owners {
                let isAlone = await owner.lookForStrangers(among: sockets)
                if !isAlone, owner.service.name == .app {
                    strange.formUnion(owner.service.listeners.map(\.port))
                }
            }
            rotation.strange = strange
            await avoidPorts()
            try? await Ticks.next(every: Self.guardInterval)
        }
    }

    /// Tells nginx where strangers listen, where that has changed. Returns once nginx sends nothing there, or cannot be
    /// told.
    private func avoidPorts() async {
        let ports = rotation.strange
        guard ports != rotation.avoided else { return }
        let before = rotation.avoided
        do {
            let plan = try HostBlueprint(stack: applied.stack, host: host, layout: layout, avoiding: ports)
            for file in plan.files where file.path == layout.nginxFile {
                try AtomicFile.write(file.contents, to: file.path, mode: file.mode)
            }
            rotation.avoided = ports
            for owner in owners where owner.service.name == .nginx {
                // The next look tries again, as it does after an error.
                if try await !owner.reload() { rotation.avoided = before }
            }
        } catch {
            rotation.avoided = before
            logger.error("nginx cannot be told which instances of the app to leave out: \(error)")
        }
    }

    // MARK: - Before a restart

    /// How long to wait for the requests that an instance has; after that it finishes them on its own.
    private static let farewellBound = Duration.seconds(3)

    /// Before an instance of the app is restarted: its requests go elsewhere. A server that ends loses what waits in
    /// its queue for a connection to be accepted, and nginx may not send a POST again.
    func leaveRotation(_ service: ServiceBlueprint) async {
        let ports = service.listeners.map(\.port)
        let others = blueprint.services.filter { $0.name == .app }.flatMap(\.listeners).map(\.port)
        let isAlone = applied.stack.hosts(.app).count == 1 && Set(rotation.leaving + ports).isSuperset(of: others)
        guard !isAlone else { return }
        rotation.leaving = rotation.leaving.filter { !ports.contains($0) } + ports
        markLeaving()
        await waitForRequests(to: ports)
    }

    /// Once it serves. Before that is said, so that the next host's is restarted only when this one gets requests.
    func joinRotation(_ service: ServiceBlueprint) {
        rotation.leaving.removeAll(where: service.listeners.map(\.port).contains)
        markLeaving()
    }

    /// Called before this host's nginx reloads or restarts, which closes connections that idle. Returns once balancers
    /// and other hosts' web servers, which might be sending a request on one, have been told to send new requests
    /// elsewhere.
    func leaveRotationOfWebServers() async {
        guard Leaving(stack: applied.stack, host: host).nginxFile != nil else { return }
        rotation.isNginxLeaving = true
        markLeaving()
        try? await Task.sleep(for: Leaving.pause)
    }

    func joinRotationOfWebServers() {
        rotation.isNginxLeaving = false
        markLeaving()
    }

    /// Makes the files that nginx looks for as they should be; an earlier agent's are none of ours.
    func markLeaving() {
        let leaving = Leaving(stack: applied.stack, host: host)
        let wanted = [
            leaving.appFile(leaving: rotation.leaving), rotation.isNginxLeaving ? leaving.nginxFile : nil,
        ].compactMap(\.self)
        do {
            // First those that are new, so that no request is sent to an instance that leaves.
            for name in wanted {
                let path = "\(layout.leavingFolder)/\(name)"
                let descriptor = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
                guard descriptor >= 0 else { throw StateError.file("write", path) }
                close(descriptor)
            }
            for name in try FileManager.default.contentsOfDirectory(atPath: layout.leavingFolder)
            where !wanted.contains(name) {
                unlink("\(layout.leavingFolder)/\(name)")
            }
        } catch {
            logger.error("nginx cannot be told which services are about to be restarted: \(error)")
        }
    }

    /// Until nginx has no connection to these ports any more: those that idle it closes after a second.
    private func waitForRequests(to ports: [Int]) async {
        let deadline = ContinuousClock.now + Self.farewellBound
        // nginx chooses an instance when it has a request's headers, and calls it when it has its body.
        try? await Task.sleep(for: .milliseconds(100))
        while ContinuousClock.now < deadline, !Task.isCancelled {
            let nginx = ServiceRecord.load("\(folder.records(host.name))/\(ServiceName.nginx.rawValue).json")
            let places = ports.map { (host.loopbackAddress, $0) }
            if !ProcessConnections.areAny(of: nginx?.identity.members ?? [], to: places) { return }
            try? await Task.sleep(for: .milliseconds(40))
        }
    }
}

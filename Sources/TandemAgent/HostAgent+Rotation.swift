import Logging
import TandemBlueprint
import TandemServices
import TandemStack

/// Ports of this host's instances of the app, by why nginx is to send nothing there.
struct AppRotation: Sendable {
    /// What nginx was last told.
    var avoided: Set<Int> = []
    /// Another user's program listens there.
    var strange: Set<Int> = []
    /// The instance is being restarted.
    var leaving: Set<Int> = []

    var wanted: Set<Int> { strange.union(leaving) }
}

/// Who of the app gets requests through this host's nginx.
extension HostAgent {
    /// How often it is looked who listens on the services' ports.
    private static let guardInterval = Duration.milliseconds(500)

    /// Looks for other users' programs on the services' ports. The agent has nginx send nothing to an instance of the app whose port
    /// such a program has, so that requests go to the app of another host.
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

    /// Tells nginx which instances of the app are to get nothing, where that has changed. Returns once nginx does so, or cannot.
    private func avoidPorts() async {
        let ports = rotation.wanted
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

    /// Before an instance of the app is restarted: its requests go elsewhere. A server that ends loses what waits in its
    /// queue for a connection to be accepted, and nginx may not send a POST again.
    func leaveRotation(_ service: ServiceBlueprint) async {
        let ports = Set(service.listeners.map(\.port))
        let others = blueprint.services.filter { $0.name == .app }.flatMap(\.listeners).map(\.port)
        let isAlone = applied.stack.hosts(.app).count == 1 && rotation.leaving.union(ports).isSuperset(of: others)
        guard !isAlone else { return }
        rotation.leaving.formUnion(ports)
        await avoidPorts()
    }

    /// Once it serves. Before that is said, so that the next host's is restarted only when this one gets requests.
    func joinRotation(_ service: ServiceBlueprint) async {
        let ports = Set(service.listeners.map(\.port))
        guard !rotation.leaving.isDisjoint(with: ports) else { return }
        rotation.leaving.subtract(ports)
        await avoidPorts()
    }
}

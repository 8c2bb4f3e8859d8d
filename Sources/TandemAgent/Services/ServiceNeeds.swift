import TandemBlueprint
import TandemStack
import TandemTopology

/// What a service has to wait for before it is started: others on its host, and the database.
struct ServiceNeeds: Sendable {
    let host: Host
    let reports: ServiceReports
    let board: TopologyBoard
    let probe: ReadinessProbe

    private static let waitingForRouter = "waiting for the router to open the database"

    /// Returns when nothing is missing any more.
    func wait(for service: ServiceBlueprint, _ waitsFor: @Sendable (String) async -> Void) async throws {
        while true {
            try Task.checkCancellation()
            let version = await board.version
            guard let reason = await missing(for: service) else { return }
            await waitsFor(reason)
            let now = await board.version
            // Saying what it waits for is itself a change. The router's opening is none that the board hears of.
            let timeout = reason == Self.waitingForRouter ? Duration.milliseconds(50) : .seconds(1)
            await board.waitForChange(from: max(version, now), timeout: timeout)
        }
    }

    /// - Returns: nil when nothing is.
    private func missing(for service: ServiceBlueprint) async -> String? {
        if let name = reports.missing(for: service) { return "waiting for \(name.rawValue)" }
        guard service.needsDatabase else { return nil }
        let topology = await board.topology
        guard topology.leader?.state == .open else {
            return "waiting for the database on \(topology.primary)"
        }
        // The router hears of it a moment later than we do, and an app may connect in its first line.
        for port in [Ports.routerWrite, Ports.routerRead] {
            guard await probe.greets(host.loopbackAddress, port) else { return Self.waitingForRouter }
        }
        return nil
    }
}

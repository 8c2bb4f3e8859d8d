import Foundation
import TandemAgent
import TandemBlueprint
import TandemKeeper
import TandemStack
import TandemTopology

/// Stops the services and the agent of a host that leaves a stack, while the stack goes on.
struct HostRemoval: Sendable {
    let folder: StackFolder
    let client: AgentClient

    /// From what serves users to what holds the data, as a whole stack is stopped.
    func stopServices(of host: Host, app: App) async {
        for service in ServiceName.inStopOrder where service != .etcd {
            // An agent that does not answer cannot be asked; what it leaves is ended in `finish`.
            try? await client.stop(service, on: host, timeout: .seconds(app.longestStopSeconds + 30))
        }
        // Where this fails, the other voters' agents take it out of etcd's members.
        try? await client.leaveStore(host, timeout: .seconds(30))
    }

    /// Waits for the keeper to end the host's agent, and sweeps what is left. The host's folder, data in it, stays.
    func finish(_ host: Host, applied: AppliedStack) async {
        // On a machine of its own; whoever reaches that one lets its agent go.
        if FleetState.load(folder) != nil {
            try? FileManager.default.removeItem(atPath: folder.records(host.name))
            return
        }
        let deadline = ContinuousClock.now + .seconds(5)
        while ContinuousClock.now < deadline, (try? await client.status(of: host, timeout: .milliseconds(500))) != nil {
            try? await Task.sleep(for: .milliseconds(50))
        }
        var own = applied
        own.stack.hosts = [host]
        Leftovers(applied: own, folder: folder).end()
        for path in [folder.records(host.name), folder.sockets(host.name)] {
            try? FileManager.default.removeItem(atPath: path)
        }
    }
}

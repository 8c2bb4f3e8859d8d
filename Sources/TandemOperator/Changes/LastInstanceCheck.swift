import Foundation
import TandemAgent
import TandemBlueprint
import TandemStack
import TandemTopology

/// Refuses to restart the last instance of a service that is left, where others of it are to run on other hosts.
struct LastInstanceCheck: Sendable {
    let stack: Stack
    let client: AgentClient

    /// - Throws: `Failure` when a service is to run on other hosts too, and does on none of them.
    func check(_ service: String, besides host: Host) async throws {
        if ServiceName(statusName: service) == .etcd { return try await checkMajority(besides: host) }
        let others = Self.others(of: service, besides: host, in: stack)
        guard !others.isEmpty else { return }
        for other in others {
            if Self.stands(service, in: try? await client.status(of: other)) { return }
        }
        throw Failure(
            .failed,
            "\(service) runs on \(host.name) alone: restarting it there would leave none (it is down on "
                + "\(others.map(\.name).joined(separator: ", "))).\nMend that first; see: tandem status")
    }

    /// etcd answers as long as more than half of its members run.
    private func checkMajority(besides host: Host) async throws {
        let voters = stack.voters
        let others = voters.filter { $0.name != host.name }
        guard !others.isEmpty else { return }
        var running = 0
        for other in others where Self.stands("etcd", in: try? await client.status(of: other)) { running += 1 }
        guard running * 2 <= voters.count else { return }
        throw Failure(
            .failed,
            "of etcd's \(voters.count) members \(running) would run without that of \(host.name): fewer than a majority.\n"
                + "Mend the others first; see: tandem status")
    }
}

extension LastInstanceCheck {
    /// The other hosts that are to have the service. No request waits for a worker, and its jobs wait in their queue:
    /// none.
    static func others(of service: String, besides host: Host, in stack: Stack) -> [Host] {
        let kind = ServiceName(statusName: service)
        return kind == .worker ? [] : ServiceDescription(of: kind).hosts(stack).filter { $0.name != host.name }
    }

    /// Whether a host has the service to offer, going by what its agent says.
    static func stands(_ service: String, in status: HostStatus?) -> Bool {
        status?.services.first { $0.name == service }?.state == .running
    }
}

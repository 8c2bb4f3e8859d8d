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
        let others = stack.hosts.filter { $0.name != host.name && $0.runs(service) }
        guard !others.isEmpty else { return }
        for other in others {
            if Self.stands(service, in: try? await client.status(of: other)) { return }
        }
        throw Failure(
            .failed,
            "\(service) runs on \(host.name) alone: restarting it there would leave none (it is down on "
                + "\(others.map(\.name).joined(separator: ", "))).\nMend that first; see: tandem status")
    }
}

extension LastInstanceCheck {
    /// Whether a host has the service to offer, going by what its agent says.
    static func stands(_ service: String, in status: HostStatus?) -> Bool {
        status?.services.first { $0.name == service }?.state == .running
    }
}

extension Host {
    /// Whether a service belongs on this host, going by its roles.
    func runs(_ service: String) -> Bool {
        switch service {
        case "haproxy": has(.balancer)
        case "nginx": has(.web) || has(.app)
        case "mysql": has(.database)
        default: has(.app)
        }
    }
}

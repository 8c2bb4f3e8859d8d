import Foundation
import Logging
import TandemFailover
import TandemFailoverDriver
import TandemStack

/// The failover's messages to other agents, over their API.
struct PeerCalls: PeerChannel {
    let client: AgentClient
    let names: HostNames
    let hosts: [HostID: Host]

    /// What takes longer is said again, with newer words. One that is lost must leave time for the next within the
    /// failover's `hearingPatience`.
    static let bound = Duration.milliseconds(800)

    /// - Parameter hosts: those of the stack that take part in the failover, in the order of `names`.
    init(client: AgentClient, hosts: [Host]) {
        self.client = client
        names = HostNames(hosts.map(\.name))
        self.hosts = Dictionary(
            hosts.enumerated().map { (HostID($0.offset), $0.element) }, uniquingKeysWith: { first, _ in first })
    }

    func send(_ message: PeerMessage, to host: HostID) async -> PeerReply? {
        guard let host = hosts[host], let body = try? PeerRoute.encode(message, names) else { return nil }
        // A host that is gone is no news here: the reducer counts who is heard.
        guard let answer = try? await client.say(body, to: host, timeout: Self.bound) else { return nil }
        guard case .status(let status) = try? PeerRoute.decode(answer, names) else { return PeerReply() }
        return PeerReply(status: status)
    }
}

import TandemFleet
import TandemStack

/// Has every address of the front moved, there and back again, and says what came of it. The fleet runs meanwhile.
package enum AddressDiagnosis {
    /// - Parameter unit: keepalived's unit on a host.
    /// - Throws: where this machine itself cannot ask.
    package static func findings(_ stack: Stack, unit: @escaping @Sendable (Host) -> String) async throws -> [Finding] {
        let trials = try await Fleet.with(stack) { fleet in await AddressTrial.ofFront(fleet, unit: unit) }
        return trials.map { finding($0.address.address, $0.result) }
    }

    static func finding(
        _ address: String, _ result: Result<[AddressTrial.Move], AddressTrial.Problem>
    ) -> Finding {
        switch result {
        case .success(let moves):
            let way = ([moves.first?.from ?? ""] + moves.map(\.to)).joined(separator: " → ")
            let times = moves.map { "\($0.silenceMilliseconds) ms" }.joined(separator: ", then ")
            let text = "\(address) was moved: \(way); nobody answered there for \(times)"
            let longest = moves.map(\.silenceMilliseconds).max() ?? 0
            guard longest > slowMilliseconds else { return .ok("moving", text) }
            return .warning(
                "moving", text,
                "ask whose network it is how long it takes to notice that an address is at another machine (gratuitous ARP)"
            )
        case .failure(let problem):
            return .error("moving", "\(address): \(problem.description)", remedy(problem))
        }
    }

    /// On an idle network it is a twentieth of that.
    private static let slowMilliseconds = 2000

    private static func remedy(_ problem: AddressTrial.Problem) -> String {
        switch problem {
        case .nowhere: "look what keepalived says on the balancers: journalctl -u '*keepalived*'"
        case .twice:
            "let the balancers' adverts (IP protocol 112, unicast) pass between them, in every firewall in between"
        case .stays: "is keepalived running on the other balancers, and HAProxy well? journalctl -u '*keepalived*'"
        case .silent:
            "in a cloud say 'front: {address: none}' and use the provider's load balancer; else let switches and routers take gratuitous ARP"
        case .unanswered:
            "is HAProxy running there, and the firewall right? `tandem doctor` without the address shows more"
        case .noWitness: "give the stack a host that is no balancer, or look from another machine by hand"
        case .unreached: "look why: `tandem doctor` names what is wrong with each host"
        }
    }
}

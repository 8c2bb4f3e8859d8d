import TandemBlueprint
import TandemFleet
import TandemStack

/// Brings firewall and moving addresses to the hosts of a stack, so that no host is locked out: what cannot be confirmed over a new
/// connection, each host undoes by itself.
struct FleetGuard: Sendable {
    let hosts: FleetHosts

    /// What a host is to have.
    static func change(_ stack: Stack, _ host: Host) throws -> ConfirmedChange {
        let wanted = try HostGuard(stack: stack, host: host)
        let firewall = ConfirmedChange.firewall(
            rules: wanted.rules.contents, path: wanted.rules.path, unit: file(wanted.firewallUnit),
            others: [file(wanted.addition)])
        guard let keepalived = wanted.keepalived else { return firewall }
        return firewall.adding(
            .keepalived(
                settings: file(keepalived.settings), check: keepalived.check, unit: file(keepalived.unit),
                wantedBy: keepalived.wantedBy))
    }

    private static func file(_ file: FileBlueprint) -> ConfirmedChange.File {
        .init(path: file.path, content: .text(file.contents, mode: file.mode))
    }

    /// Balancers one after the other, so that one of them has the address; the others at once before them.
    /// - Returns: the names of the hosts that were changed.
    @discardableResult
    func apply() async throws -> [String] {
        let stack = hosts.stack
        let balancers = stack.hosts(.balancer)
        let rest = stack.hosts.filter { !$0.has(.balancer) }
        var changed = try await change(rest)
        for balancer in balancers { changed += try await change([balancer]) }
        return changed
    }

    private func change(_ chosen: [Host]) async throws -> [String] {
        guard !chosen.isEmpty else { return [] }
        let stack = hosts.stack
        let results = try await hosts.onEach("change firewall and address", only: chosen) { session in
            let change = try Self.change(stack, session.host)
            if try await change.isInPlace(on: session) { return false }
            switch try await change.carryOut(on: session) {
            case .confirmed: return true
            case .undone(let reason):
                throw Failure(.failed, "it was undone, and the host has what it had before: \(reason)")
            }
        }
        return results.filter(\.value).map(\.key).sorted()
    }
}

import TandemBlueprint
import TandemFleet
import TandemStack

/// Brings firewall and moving addresses to the hosts of a stack, so that no host is locked out: what cannot be
/// confirmed over a new connection, each host undoes by itself.
struct FleetGuard: Sendable {
    let hosts: FleetHosts

    /// What a host is to have.
    static func change(_ stack: Stack, _ host: Host) throws -> ConfirmedChange {
        let wanted = try HostGuard(stack: stack, host: host)
        let places = HostPlaces(stack: stack.name)
        let agent = try AgentUnit(stack: stack, host: host, account: StackAccount(stack: stack.name).name).text()
        let firewall = ConfirmedChange.firewall(
            rules: wanted.rules.contents, path: wanted.rules.path, unit: file(wanted.firewallUnit),
            others: [
                file(wanted.addition),
                .init(path: places.unitFile, content: .text(agent)),
            ])
        guard let keepalived = wanted.keepalived else {
            let wants = ["multi-user.target", places.unit].map {
                "\(HostPlaces.unitFolder)/\($0).wants/\(places.keepalivedUnit)"
            }
            return firewall.adding(
                .withoutUnit(
                    places.keepalivedUnit, files: ["\(HostPlaces.unitFolder)/\(places.keepalivedUnit)"] + wants))
        }
        return firewall.adding(
            .keepalived(
                settings: file(keepalived.settings), check: keepalived.check, unit: file(keepalived.unit),
                wantedBy: keepalived.wantedBy))
    }

    private static func file(_ file: FileBlueprint) -> ConfirmedChange.File {
        .init(path: file.path, content: .text(file.contents, mode: file.mode))
    }

    /// Balancers one after the other, so that one of them has the address; the others at once before them.
    /// - Parameter stack: with every host that is to be let in.
    /// - Returns: the names of the hosts that were changed.
    @discardableResult
    func apply(_ stack: Stack) async throws -> [String] {
        let isInPlace = try await hosts.onEach("look at firewall and address") { session in
            try await Self.change(stack, own(session, stack)).isInPlace(on: session)
        }
        let lacking = hosts.stack.hosts.filter { isInPlace[$0.name] != true }
        var changed = try await change(lacking.filter { !$0.has(.balancer) }, of: stack)
        for balancer in lacking where balancer.has(.balancer) { changed += try await change([balancer], of: stack) }
        return changed
    }

    /// With the roles that a host has there, which may be more than it is to have.
    private func own(_ session: HostSession, _ stack: Stack) -> Host {
        stack.hosts.first { $0.name == session.host.name } ?? session.host
    }

    private func change(_ chosen: [Host], of stack: Stack) async throws -> [String] {
        guard !chosen.isEmpty else { return [] }
        let needsKeepalived = !stack.frontAddresses.isEmpty && stack.engines.keepalived == nil
        let results = try await hosts.onEach("change firewall and address", only: chosen) { session in
            let host = own(session, stack)
            let change = try Self.change(stack, host)
            let packages = host.has(.balancer) && needsKeepalived ? ["nftables", "keepalived"] : ["nftables"]
            try await session.script(Self.installation, packages, seconds: 300)
            switch try await change.carryOut(on: session) {
            case .confirmed: return true
            case .undone(let reason):
                throw Failure(.failed, "it was undone, and the host has what it had before: \(reason)")
            }
        }
        return results.filter(\.value).map(\.key).sorted()
    }

    /// Packages of the host's own release, of which only root makes use.
    private static let installation = """
        set -e
        lacking=
        for package; do
            [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || lacking="$lacking $package"
        done
        [ -n "$lacking" ] || exit 0
        export DEBIAN_FRONTEND=noninteractive
        install() { apt-get -qq -o DPkg::Lock::Timeout=120 install --yes --no-install-recommends $lacking >/dev/null; }
        install 2>/dev/null || { apt-get -qq update >/dev/null && install; }
        """
}

import TandemBlueprint
import TandemFleet
import TandemStack

/// What else is on the host.
extension HostVerdicts {
    var ports: Finding {
        guard let listeners = facts.listeners else {
            return .warning("ports", "the host has no program that lists them", "apt-get install iproute2")
        }
        // Then these are its own.
        if facts.units.contains(HostPlaces(stack: stack.name).unit) {
            return .ok("ports", "the stack runs here already")
        }
        let taken = listeners.filter { listener in
            wanted.contains { $0.port == listener.port && Self.meet($0.address, listener.address) }
        }
        guard !taken.isEmpty else { return .ok("ports", "free") }
        let names = Self.unique(taken.map { "\($0.port) (\($0.program ?? "a program that root alone can name"))" })
        return .error(
            "ports", "taken: \(names.joined(separator: ", "))",
            "end what listens there, or give the stack a host of its own")
    }

    /// Addresses of sockets that accept connections to all addresses of a host.
    static let everyAddress: Set = ["*", "0.0.0.0", "::"]

    private static func meet(_ left: String, _ right: String) -> Bool {
        left == right || everyAddress.contains(left) || everyAddress.contains(right)
            // An IPv4 address as a socket of IPv6 shows it.
            || right == "::ffff:\(left)"
    }

    /// Servers of the kinds that the stack brings, by the beginning of their units' names.
    private static let rivals = [
        "apache2", "caddy", "etcd", "haproxy", "httpd", "keepalived", "lighttpd", "mariadb", "mysql", "nginx",
        "percona",
        "traefik", "varnish",
    ]

    var services: Finding? {
        let others = facts.units.filter { unit in
            // What undoes a change that nobody confirmed is no stack's.
            unit.hasPrefix("tandem-") && !unit.hasPrefix("tandem-\(stack.name).")
                && !unit.hasPrefix("tandem-change-undo")
        }
        if let other = others.first {
            return .error(
                "services", "another stack of Tandem runs here: \(other)",
                "give each stack hosts of its own: all take the same ports")
        }
        let found = facts.units.filter { unit in
            Self.rivals.contains { unit == "\($0).service" || unit.hasPrefix("\($0)@") || unit.hasPrefix("\($0)-") }
        }
        guard !found.isEmpty else { return .ok("services", "no other web or database server runs") }
        return .warning(
            "services", "these run already, and share the host with the stack: \(found.joined(separator: ", "))",
            "where nothing needs them: systemctl disable --now \(found.joined(separator: " "))")
    }

    /// A packet that one firewall lets through may still be dropped by another.
    var firewall: Finding? {
        let places = HostPlaces(stack: stack.name)
        if facts.units.contains(places.unit), facts.tables?.contains("inet tandem") == false {
            return .error(
                "firewall", "it is not loaded: everything that listens on this host answers everybody",
                "\(sudo)systemctl restart \(places.firewallUnit); if that fails: systemctl status \(places.firewallUnit)"
            )
        }
        let managers = facts.units.filter { ["firewalld.service", "ufw.service"].contains($0) }
        let tables = (facts.tables ?? []).filter { $0 != "inet tandem" }
        guard !managers.isEmpty || !tables.isEmpty else {
            return facts.tables == nil ? nil : .ok("firewall", "no rules of others")
        }
        let names = managers + tables.map { "the nftables table '\($0)'" }
        return .warning(
            "firewall", "rules of others hold here, too: \(names.joined(separator: ", "))",
            "see that they let the hosts of the stack reach each other, and users the balancers: nft list ruleset")
    }

    var nftables: Finding? {
        facts.hasFirewallProgram
            ? nil
            : .warning(
                "nftables", "the host has no nft, which loads the firewall",
                "`tandem up` installs it; by hand: \(sudo)apt-get install nftables")
    }

    /// Of balancers, where the front has an address that moves.
    var keepalived: Finding? {
        guard host.has(.balancer), !stack.frontAddresses.isEmpty, stack.engines.keepalived == nil else { return nil }
        let install = "\(sudo)apt-get install keepalived (it starts nothing before it has settings)"
        guard let version = facts.keepalivedVersion else {
            return .warning(
                "keepalived", "the host has no keepalived, which moves the front's address",
                "`tandem up` installs it; by hand: \(install)")
        }
        let numbers = version.split(separator: ".").map { Int($0) ?? 0 }
        guard !numbers.lexicographicallyPrecedes(Self.oldestKeepalived) else {
            return .error("keepalived", "version \(version) does not know all of its settings; 2.2.7 does", install)
        }
        return .ok("keepalived", "version \(version)")
    }

    private static let oldestKeepalived = [2, 2, 7]

    var archive: Finding? {
        switch facts.archive {
        case nil: nil
        case .reachable: .ok("archive", "Debian's packages can be fetched")
        case .unreachable(let words):
            .warning(
                "archive",
                "Debian's packages cannot be fetched from here: \(words); `tandem up` sends the servers' from your machine",
                "so that updates of the host itself come, too: let it reach a mirror of Debian, or give its apt a proxy (Acquire::http::Proxy)"
            )
        }
    }

    static func unique(_ words: [String]) -> [String] {
        words.reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
    }
}

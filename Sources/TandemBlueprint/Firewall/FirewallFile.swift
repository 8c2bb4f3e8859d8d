import TandemStack

/// nftables' rules for a host that is a machine of its own: what may come in. One table, replaced whole in one
/// transaction; those of other software stay, and may still drop what this one lets in.
struct FirewallFile {
    let site: Site
    /// Of everything that listens on the host.
    let listeners: [ServiceBlueprint.Listener]

    /// `nft -f` takes all of it or nothing.
    func text() -> String {
        configuration([
            site.banner("firewall.nft"),
            """
            # The first two lines make the third possible, whether the table was there or not. No other table is touched.
            table inet tandem
            delete table inet tandem
            table inet tandem {
            \(([sets, chain].filter { !$0.isEmpty }).joined(separator: "\n\n").indented)
            }
            """,
        ])
    }

    // MARK: - Who

    private var sets: String {
        let addresses = site.stack.hosts.map(\.address)
        var sets = [Self.set("stack_hosts", "ipv4_addr", addresses, comment: "[hosts]")]
        if let networks = site.stack.firewall?.ssh {
            for (suffix, family, isIPv6) in [("ip4", "ipv4_addr", false), ("ip6", "ipv6_addr", true)] {
                let own = networks.filter { $0.isIPv6 == isIPv6 }.map(\.text)
                if !own.isEmpty {
                    sets.append(Self.set("ssh_\(suffix)", family, own, comment: "[firewall] ssh", areNetworks: true))
                }
            }
        }
        return sets.joined(separator: "\n\n")
    }

    private static func set(
        _ name: String, _ type: String, _ elements: [String], comment: String, areNetworks: Bool = false
    ) -> String {
        // Networks that lie in each other are one.
        let flags = areNetworks ? "\n    flags interval\n    auto-merge" : ""
        return """
            # \(comment)
            set \(name) {
                type \(type)\(flags)
                elements = {
            \(elements.map { "        \($0)" }.joined(separator: ",\n"))
                }
            }
            """
    }

    // MARK: - What

    private var chain: String {
        """
        chain input {
            type filter hook input priority filter; policy drop;
            iif "lo" accept
            ct state established,related accept
            ct state invalid drop

            # Without these IPv6 finds nobody, and paths with small packets lose large ones.
            icmp type { destination-unreachable, time-exceeded, parameter-problem, echo-request } accept
            icmpv6 type {
                destination-unreachable, packet-too-big, time-exceeded, parameter-problem, echo-request,
                nd-router-advert, nd-neighbor-solicit, nd-neighbor-advert,
                mld-listener-query, mld-listener-report, mld-listener-done, mld2-listener-report
            } accept
            # Answers of DHCP, which go to an address that asked for nothing yet.
            udp sport 67 udp dport 68 accept
            ip6 saddr fe80::/10 udp dport 546 accept

        \(rules.indented)
        }
        """
    }

    private var rules: String {
        var lines = ["# [ssh] port, [firewall] ssh"] + sshRules
        let users = ports(for: .users)
        if !users.isEmpty { lines += ["# Users: [balancer]", "tcp dport \(users) accept"] }
        let stack = ports(for: .stack)
        if !stack.isEmpty { lines += ["# Hosts of the stack", "ip saddr @stack_hosts tcp dport \(stack) accept"] }
        let others = site.stack.hosts(.balancer).filter { $0.name != site.host.name }.map(\.address)
        if site.host.has(.balancer), !site.stack.frontAddresses.isEmpty, !others.isEmpty {
            lines += [
                "# [front] address: VRRP of the other balancers. What passed a router has a lower TTL.",
                "ip saddr { \(others.joined(separator: ", ")) } ip ttl 255 ip protocol 112 accept",
            ]
        }
        return (lines + ["# How much else came", "counter"]).joined(separator: "\n")
    }

    private var sshRules: [String] {
        let ports = Self.list(site.stack.ssh.ports(of: site.host))
        guard let networks = site.stack.firewall?.ssh else { return ["tcp dport \(ports) accept"] }
        return [("ip", "ip4", false), ("ip6", "ip6", true)].filter { _, _, isIPv6 in
            networks.contains { $0.isIPv6 == isIPv6 }
        }.map { family, suffix, _ in "\(family) saddr @ssh_\(suffix) tcp dport \(ports) accept" }
    }

    private func ports(for reach: ServiceBlueprint.Listener.Reach) -> String {
        Self.list(listeners.filter { $0.reach == reach }.map(\.port))
    }

    /// Empty for none.
    private static func list(_ ports: [Int]) -> String {
        let ports = Set(ports).sorted().map(String.init)
        return ports.isEmpty ? "" : "{ \(ports.joined(separator: ", ")) }"
    }
}

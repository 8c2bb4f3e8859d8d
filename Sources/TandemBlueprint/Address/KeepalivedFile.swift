import TandemStack

/// keepalived.conf of a balancer: which of the front's addresses it holds, and when another balancer is to have them
/// (VRRP, RFC 9568).
struct KeepalivedFile {
    let site: Site

    func text() -> String {
        configuration(
            [site.banner("keepalived.conf"), interface, global, check]
                + site.stack.frontAddresses.indices.map(instance))
    }

    private var stack: Stack { site.stack }

    /// Where the file does not say which interface it is, the host is asked before keepalived reads this.
    private var interface: String {
        guard stack.front?.interface == nil else { return "" }
        return """
            # The interface that has \(site.host.address): written by the unit before keepalived starts.
            include \(AddressCommands(site: site).interfaceFile)
            """
    }

    private var global: String {
        """
        global_defs {
            router_id \(stack.name)-\(site.host.name)
            # The check runs as somebody who may do nothing, and no program that others could change is run.
            enable_script_security
            script_user nobody
            # Times below a second are version 3's.
            vrrp_version 3
            # A balancer that is busy is not dead: what says so has to get its turn.
            vrrp_rt_priority 50
            vrrp_no_swap
            # Whoever missed the first word of where the address is hears it again. After a split, switches and neighbours went on
            # sending to the other balancer for more than 17 s without.
            vrrp_garp_master_delay 1
            vrrp_garp_master_refresh 2
            vrrp_garp_lower_prio_delay 1
            vrrp_garp_lower_prio_repeat 2
            vrrp_higher_prio_send_advert true
        }
        """
    }

    /// A page that HAProxy answers itself: while no web server is there no other balancer would do better. bash, sed
    /// and grep are on every Debian.
    private var check: String {
        let ask =
            "exec 3<>/dev/tcp/\(site.host.address)/\(Ports.balancerMetrics) && "
            + #"printf \"GET /health HTTP/1.0\\r\\n\\r\\n\" >&3 && grep -q \"^HTTP/1.. 200\" <&3"#
        return """
            # Over HTTP: the kernel accepts connections for a HAProxy that hangs.
            vrrp_script haproxy {
                script "/bin/bash -c '\(ask)'"
                interval 1
                timeout 1
                fall 2
                rise 1
                # Not before it has answered once.
                init_fail
            }
            """
    }

    private func instance(_ index: Int) -> String {
        let address = stack.frontAddresses[index]
        let order = stack.balancers(forAddress: index)
        let rank = order.firstIndex { $0.name == site.host.name } ?? 0
        let others = order.filter { $0.name != site.host.name }
        // What passes a router comes with less than 255: nobody outside this network takes part.
        let peers = others.map { "\($0.address) min_ttl 255 max_ttl 255" }
        return """
            # [front] address: \(order.map(\.name).joined(separator: ", then "))
            vrrp_instance front\(index + 1) {
                state BACKUP
                interface \(stack.front?.interface ?? "$INTERFACE")
                virtual_router_id \(virtualRouter(index))
                priority \(Self.highestPriority - 10 * rank)
                advert_int 0.1
            \(preemption.indented)
                unicast_src_ip \(site.host.address)
                check_unicast_src
                unicast_peer {
            \(peers.joined(separator: "\n").indented.indented)
                }
                virtual_ipaddress {
                    \(address.address)/\(address.prefixLength)
                }
                track_script {
                    haproxy
                }
            }
            """
    }

    /// To move an address cuts the connections to it.
    private var preemption: String {
        if stack.frontAddresses.count == 1 {
            return
                "# It stays where it is when a balancer comes back: to move it would cut connections for nothing.\nnopreempt"
        }
        return
            "# It goes back to its first balancer when that has been well for a minute: each is to have work.\npreempt_delay 60"
    }

    /// 255 is for who owns an address. With ten between two balancers all of `Front.mostBalancers` have one.
    private static let highestPriority = 250

    /// Adverts go from balancer to balancer, so this need not differ from that of other people's in the same network;
    /// but one of the user's own on the same hosts it should rarely meet.
    private func virtualRouter(_ index: Int) -> Int {
        let own = Int(StableHash.bits32(stack.name) % UInt32(255 - Front.mostBalancers))
        return 1 + own + index
    }
}

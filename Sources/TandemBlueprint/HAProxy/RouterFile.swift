import TandemStack

/// router.cfg: HAProxy in TCP mode on an app host's loopback, between the app and the database servers.
struct RouterFile {
    let site: Site

    /// Connections from this host's app to each of the two ports.
    static let connections = 1000

    func text() throws(BlueprintError) -> String {
        configuration([
            site.banner("router.cfg"), try global(), defaults(),
            try listen(.write, port: Ports.routerWrite, balance: "first"),
            try listen(.read, port: Ports.routerRead, balance: "leastconn"),
        ])
    }

    private func global() throws(BlueprintError) -> String {
        """
        \(site.haproxyGlobal)
            log stdout format iso local0 info
            fd-hard-limit \(4 * Self.connections + 500)
            node \(site.host.name)
            stats socket \(try HAProxySyntax.word(site.layout.routerSocket)) mode 600 level admin expose-fd listeners
            stats timeout 30s
            # A replaced worker hears no more verdicts: its sessions must not outlive it, or they would stay with a
            # server that is primary no longer.
            hard-stop-after 5s
            # Verdicts are asked for on time, not spread.
            spread-checks 0
            lua-load \(try HAProxySyntax.word(site.layout.routerScript))
        """
    }

    private func defaults() -> String {
        """
        defaults sql
            mode tcp
            log global
            option tcplog
            option dontlog-normal
            timeout connect 2s
            timeout check 2s
            # Idle sessions live for hours, as pools expect; dead peers are found by TCP keepalive within a minute.
            timeout client 24h
            timeout server 24h
            timeout client-fin 10s
            timeout server-fin 10s
            option clitcpka
            option srvtcpka
            clitcpka-idle 30s
            clitcpka-intvl 10s
            clitcpka-cnt 3
            srvtcpka-idle 30s
            srvtcpka-intvl 10s
            srvtcpka-cnt 3
            # One each second while a server refuses, or goes to another one; see the end of each section.
            retries \(max(2, site.stack.database.waitSeconds))
            option redispatch 1
            maxconn \(Self.connections)
        \(checks.indented)
        """
    }

    private var checks: String {
        let check = "check inter 1s downinter 250ms fastinter 250ms fall 2 rise 1 on-marked-down shutdown-sessions"
        guard site.leadership == .agents else {
            return """
                # A server that accepts connections counts as one that serves.
                default-server \(check)
                """
        }
        return """
            # Closed until the agent on this host opens a server. It does so at once, through the socket; asking it puts right what was
            # lost there. An agent that cannot be reached leaves its last verdict standing. Sessions to a server that is closed again
            # are cut.
            default-server disabled \(check)
            default-server agent-check agent-addr \(site.host.loopbackAddress) agent-port \(Ports.agentCheck) agent-inter 1s
            """
    }

    private func listen(
        _ purpose: RouterQuestion.Purpose, port: Int, balance: String
    ) throws(BlueprintError) -> String {
        let again = "unix@" + (try HAProxySyntax.word(site.layout.routerEntrance(purpose)))
        let noAgent = site.leadership == .agents ? " no-agent-check enabled" : ""
        let servers = hosts(for: purpose).map { host in
            let server = "server \(host.name) \(host.address):\(Ports.mysql)"
            guard site.leadership == .agents else { return server }
            let question = RouterQuestion(purpose: purpose, host: host.name)
            return server + #" agent-send "\#(question.line)\n""#
        }
        return """
            listen \(purpose.rawValue) from sql
                bind \(site.host.loopbackAddress):\(port)
                bind \(again) mode 600
                balance \(balance)
            \(waiting(purpose).indented)
            \(servers.joined(separator: "\n").indented)
                # While none of these is open: a connection to a server that had died, and has been closed since, begins anew and waits.
                server \(RouterServers.again) \(again) backup no-check\(noAgent)
            """
    }

    private func waiting(_ purpose: RouterQuestion.Purpose) -> String {
        let seconds = site.stack.database.waitSeconds
        let name = purpose.rawValue
        return """
            # [database] wait: while no server is open, as when the primary restarts, new connections wait for one.
            tcp-request inspect-delay \(seconds + 1)s
            tcp-request content lua.wait_for_server \(name) \(seconds)
            tcp-request content use-service lua.no_\(name) unless { var(txn.open) -m bool }
            """
    }

    /// Where an agent is asked, every server is named to it. Of servers that have equally few connections the first one
    /// listed is taken first: so that apps with one connection each do not all read from the same server, each router
    /// begins with its own, or with another than its neighbours do.
    private func hosts(for purpose: RouterQuestion.Purpose) -> [Host] {
        let all = site.stack.hosts(.database)
        switch (purpose, site.leadership) {
        case (.write, .fixed(let primary, _)): return all.filter { $0.name == primary }
        case (.write, .agents): return all
        case (.read, _):
            let neighbours = site.stack.hosts(.app).firstIndex { $0.name == site.host.name } ?? 0
            let start = all.firstIndex { $0.name == site.host.name } ?? neighbours % max(1, all.count)
            return Array(all[start...] + all[..<start])
        }
    }
}

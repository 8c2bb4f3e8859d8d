import TandemStack

/// haproxy.cfg: the balancer in front.
struct BalancerFile {
    let site: Site

    /// nginx keeps two connections for each request (see `NginxFile.connections`): what all balancers together may
    /// have open to one web server, and the same once more for WebSockets.
    static let webServerSlots = 3072

    /// How long a web server may leave what it was sent unacknowledged (RFC 5482; tcp(7), TCP_USER_TIMEOUT): its host
    /// has vanished then, and GETs are repeated elsewhere. Keepalive says nothing of connections on which something is
    /// on its way; of others this takes the place of `srvtcpka-cnt`: two probes, one a second, may be lost. nginx takes
    /// whole requests however busy the app is, but what goes through a tunnel has to wait for the app: there it would
    /// end connections. HAProxy 3.0 ignores it in `default-server`.
    private static let unacknowledgedBound = "3s"

    func text() throws(BlueprintError) -> String {
        configuration([
            site.banner("haproxy.cfg"), try global(), defaults(), try front(), try web(), try tunnels(),
            try lastResort(), metrics(),
        ])
    }

    private var stack: Stack { site.stack }
    private var layout: Layout { site.layout }

    private func global() throws(BlueprintError) -> String {
        """
        \(site.haproxyGlobal)
            log stdout format iso local0 info
            # No global maxconn: with one, HAProxy refuses to start where the system grants fewer descriptors. It takes
            # what it is given, and at most two for each connection of [balancer] max_connections and some for itself.
            fd-hard-limit \(2 * stack.balancer.maxConnections + 1000)
            node \(site.host.name)
            stats socket \(try HAProxySyntax.word(layout.haproxySocket)) mode 600 level admin expose-fd listeners
            stats timeout 30s
            # Workers that a reload replaced finish what they carry: WebSockets, streams and uploads. But not for ever, and
            # not more of them than this.
            hard-stop-after \(Reload.bound)
            mworker-max-reloads \(Reload.workers)
            # Headers of \(HeaderLimits.bytes >> 10) KB, with room to read, and refuse, those that are larger.
            tune.bufsize \(HeaderLimits.balancerBufferBytes)
            tune.maxrewrite \(HeaderLimits.balancerRewriteBytes)
            tune.http.maxhdr \(HeaderLimits.balancerFields)
            ssl-default-bind-options ssl-min-ver TLSv1.2
            ssl-default-bind-ciphers ECDHE+AESGCM:ECDHE+CHACHA20
            ssl-default-server-options ssl-min-ver TLSv1.2
            # HTTP/2: streams at once, and misbehaviour until the connection is closed.
            tune.h2.fe.max-concurrent-streams 100
            tune.h2.fe.glitches-threshold 1000
        """
    }

    private func defaults() -> String {
        """
        defaults http
            mode http
            log global
            # Errors, retries and time-outs only.
            option dontlog-normal
            # Slow clients: this long for the TLS handshake and for the headers, this long between two pieces of a body or
            # of an answer.
            timeout client-hs 10s
            timeout http-request 10s
            timeout client 30s
            timeout client-fin 5s
            timeout http-keep-alive 60s
            timeout connect 2s
            timeout queue 10s
            timeout check 2s
            # [app.timeouts] request: until an answer begins, and between two pieces of it. Bounded here alone, because here
            # alone the bound can depend on the answer (see the backends).
            timeout server \(stack.app.requestTimeoutSeconds)s
            timeout server-fin 5s
            # A host that vanished without a word while its answer was awaited, or between two requests.
            option srvtcpka
            srvtcpka-idle 1s
            srvtcpka-intvl 1s
            srvtcpka-cnt 2
            # WebSockets.
            timeout tunnel 1h
            # A request goes to another server when its own cannot be reached; once sent, only GET and HEAD are repeated.
            # Not on a 502: nginx has tried every app by then, and a request that kills apps should not go round again.
            # Nor on an answer that cannot be read, which would be no better the second time.
            retries 3
            option redispatch 1
            retry-on conn-failure empty-response 0rtt-rejected
            # Each request is balanced for itself, over connections that all clients share.
            http-reuse always
            unique-id-format %[uuid(7)]
        """
    }

    private func binds() throws(BlueprintError) -> [String] {
        let tls = " ssl crt \(try HAProxySyntax.word(layout.frontBundleFile)) alpn h2,http/1.1"
        func pair(_ address: String, _ option: String = "") -> [String] {
            [
                "bind \(address):\(stack.balancer.httpPort.number)\(option)",
                "bind \(address):\(stack.balancer.httpsPort.number)\(option)\(tls)",
            ]
        }
        var binds: [String] = []
        if layout.front != nil || !layout.keepsFrontSockets {
            binds += pair(site.host.address)
            // The address may be another balancer's at this moment.
            for front in stack.frontAddresses { binds += pair(front.address, " transparent") }
        } else {
            binds.append("# The agent has these sockets, and keeps them: connections wait while HAProxy is away.")
        }
        for socket in site.frontSockets {
            let words = "bind fd@\(socket.descriptor)" + (socket.isEncrypted ? tls : "")
            binds += layout.front == nil ? ["# \(socket)", words] : [words]
        }
        return binds
    }

    private func front() throws(BlueprintError) -> String {
        return """
            # [balancer] http_port, https_port, max_connections; [domain]; [front] address
            frontend front from http
            \(try binds().joined(separator: "\n").indented)
                maxconn \(stack.balancer.maxConnections)
                # After a reload a client's idle connection is closed with its next answer, or when it has idled for as long as it may,
                # and not at once: the client may just be sending a request on it.
                option idle-close-on-response
                log-format "${HAPROXY_HTTP_LOG_FMT} id=%ID"

            \(try requests().indented)

                http-after-response set-header X-Request-Id %[unique-id]
            \(strictTransportSecurity)
                use_backend last_resort if { nbsrv(web) eq 0 }
                use_backend tunnels if { req.hdr(upgrade) -m found }
                default_backend web
            """
    }

    private var balance: String {
        stack.balancer.algorithm == .source ? "source\n    hash-type consistent" : stack.balancer.algorithm.rawValue
    }

    private var slots: Int { max(64, Self.webServerSlots / max(1, stack.hosts(.balancer).count)) }

    private func web() throws(BlueprintError) -> String {
        """
        # [balancer] algorithm; the hosts with the role web
        backend web from http
            balance \(balance)
            option httpchk
            http-check send meth GET uri \(Site.webHealthPath) ver HTTP/1.1 hdr Host \(stack.sharedWebName)
            http-check expect status 200
            # An nginx that is about to close its idle connections says so: from then on it gets no new requests.
            http-check disable-on-404
            http-request disable-l7-retry unless METH_GET
        \(Self.answers.indented)
            default-server \(try tlsToServers())
            default-server check inter 1s fastinter 250ms downinter 500ms fall 2 rise 1
            # A connection that fails brings the next check forward; by then the requests that met it have gone to
            # another server.
        \(whenMarkedDown.indented)
            default-server maxconn \(slots)
            # Idle connections are kept for a while: after some quiet seconds the next visitors need not wait for handshakes.
            default-server pool-purge-delay 1m
        \(servers { _ in "tcp-ut \(Self.unacknowledgedBound)" })
        """
    }

    /// What becomes of the requests in a server that fails its checks.
    private var whenMarkedDown: String {
        let observing = "default-server observe layer4 error-limit 1 on-error fastinter"
        return site.leadership.isFixed
            ? """
            # Requests that hang in a server that is marked down are ended rather than left to their time-out.
            \(observing) on-marked-down shutdown-sessions
            """
            : """
            # A server that is marked down keeps its requests: ended by HAProxy (on-marked-down
            # shutdown-sessions) they would be lost to users, ended by the server or by tcp-ut a GET is repeated.
            # What still hangs after some seconds the agent ends.
            \(observing)
            """
    }

    /// WebSockets: the same servers, as healthy as their requests find them.
    private func tunnels() throws(BlueprintError) -> String {
        """
        # WebSockets: what is sent waits here for as long as the app is busy.
        backend tunnels from http
            balance \(balance)
            option httpchk
            http-check disable-on-404
            http-request disable-l7-retry unless METH_GET
        \(Self.answers.indented)
            default-server \(try tlsToServers())
            default-server maxconn \(slots)
        \(servers { "track web/\($0.name)" })
        """
    }

    /// When checks fail everywhere at once, the checker is more likely wrong than every server is dead.
    private func lastResort() throws(BlueprintError) -> String {
        """
        # Used while no web server passes its checks: they are tried all the same.
        backend last_resort from http
            balance roundrobin
            http-request disable-l7-retry unless METH_GET
        \(Self.answers.indented)
            default-server \(try tlsToServers())
        \(servers { _ in nil })
        """
    }

    /// Web servers serve nobody but the stack's own hosts: what the balancer says of a client is believed there.
    private func tlsToServers() throws(BlueprintError) -> String {
        "ssl verify required ca-file \(try HAProxySyntax.word(layout.caFile)) crt \(try HAProxySyntax.word(layout.balancerBundleFile))"
    }

    private func servers(_ more: (Host) -> String?) -> String {
        stack.hosts(.web).map { host in
            let name = stack.webName(of: host)
            let words = [
                "server \(host.name) \(host.address):\(Ports.web) verifyhost \(name) sni str(\(name)) check-sni \(name)"
            ]
            return (words + [more(host)].compactMap(\.self)).joined(separator: " ")
        }.joined(separator: "\n").indented
    }

    private func metrics() -> String {
        """
        # Prometheus, and a page that answers while HAProxy does.
        frontend metrics from http
            bind \(site.host.address):\(Ports.balancerMetrics)
            maxconn 64
            no log
            http-request return status 200 content-type text/plain string "ok\\n" if { path /health }
            http-request use-service prometheus-exporter if { path /metrics }
            http-request return status 404 content-type text/plain string "not here: /health and /metrics are\\n"
        """
    }
}

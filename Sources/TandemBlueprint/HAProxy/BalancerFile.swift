import TandemStack

/// haproxy.cfg: the balancer in front.
struct BalancerFile {
    let site: Site

    /// nginx keeps two connections for each request (see `NginxFile.connections`): what all balancers together may
    /// have open to one web server.
    static let webServerSlots = 3072

    func text() throws(BlueprintError) -> String {
        configuration([
            site.banner("haproxy.cfg"), try global(), defaults(), try front(), try web(), try lastResort(), metrics(),
        ])
    }

    private var stack: Stack { site.stack }
    private var layout: Layout { site.layout }

    /// A name that only this machine can mean: no lasting promises to browsers, which would hit the next project that
    /// is tried on the same port.
    private var isLocalDomain: Bool { stack.domain == "localhost" || stack.domain.hasSuffix(".localhost") }

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
            # Workers that a reload replaced finish what they carry, but not for ever.
            hard-stop-after \(max(60, stack.app.requestTimeoutSeconds))s
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
            # [app.timeouts] request, and a little more, so that nginx is the one that gives up and says so.
            timeout server \(stack.app.requestTimeoutSeconds + 5)s
            timeout server-fin 5s
            # A host that vanished without a word: noticed before its checks fail, so that GET and HEAD are repeated.
            option srvtcpka
            srvtcpka-idle 1s
            srvtcpka-intvl 1s
            srvtcpka-cnt 2
            # WebSockets.
            timeout tunnel 1h
            # A request goes to another server when its own cannot be reached; once sent, only GET and HEAD are repeated.
            # Not on a 502: nginx has tried every app by then, and a request that kills apps should not go round again.
            retries 3
            option redispatch 1
            retry-on conn-failure empty-response junk-response 0rtt-rejected
            # Each request is balanced for itself, over connections that all clients share.
            http-reuse always
            unique-id-format %[uuid(7)]
        """
    }

    private func front() throws(BlueprintError) -> String {
        let address = site.host.address
        let tls = "ssl crt \(try HAProxySyntax.word(layout.frontBundleFile)) alpn h2,http/1.1"
        var binds = [
            "bind \(address):\(stack.balancer.httpPort.number)",
            "bind \(address):\(stack.balancer.httpsPort.number) \(tls)",
        ]
        if let front = layout.front {
            binds += ["bind fd@\(front.httpDescriptor)", "bind fd@\(front.httpsDescriptor) \(tls)"]
        }
        return """
            # [balancer] http_port, https_port, max_connections; [domain]
            frontend front from http
            \(binds.joined(separator: "\n").indented)
                maxconn \(stack.balancer.maxConnections)
                log-format "${HAPROXY_HTTP_LOG_FMT} id=%ID"

            \(redirect.indented)

                # What clients say of themselves in these headers is not believed.
                http-request del-header x-tandem- -m beg
                http-request del-header forwarded
                http-request del-header x-real-ip
                http-request del-header proxy
                http-request set-header Host \(stack.domain) if { req.hdr_cnt(host) eq 0 }
                http-request set-header X-Forwarded-For %[src]
                http-request set-header X-Forwarded-Proto https
                http-request set-header X-Forwarded-Host %[req.hdr(host)]
                http-request set-header X-Forwarded-Port \(stack.balancer.httpsPort.number)
                http-request set-header X-Request-Id %[unique-id]
                http-request set-header X-Tandem-Balancer \(site.host.name)
                http-after-response set-header X-Request-Id %[unique-id]
            \(strictTransportSecurity)
                use_backend last_resort if { nbsrv(web) eq 0 }
                default_backend web
            """
    }

    /// To the same host on the HTTPS port if it is one of ours, else to the domain: never where the client's Host
    /// header alone points.
    private var redirect: String {
        let names = [stack.domain, "localhost"] + stack.hosts(.balancer).map(\.address) + ["127.0.0.1"]
        let host = "req.hdr(host),host_only,lower"
        let known = names.uniqued
        let port = stack.balancer.httpsPort.number
        let authority = "%[var(txn.host)]" + (port == 443 ? "" : ":\(port)")
        return """
            http-request set-var(txn.host) str(\(stack.domain)) unless { ssl_fc }
            http-request set-var(txn.host) \(host) if !{ ssl_fc } { \(host) -m str \(known.joined(separator: " ")) }
            http-request redirect code \(isLocalDomain ? 307 : 308) location https://\(authority)%[pathq] unless { ssl_fc }
            """
    }

    private var strictTransportSecurity: String {
        if isLocalDomain { return "" }
        return """
                http-after-response set-header Strict-Transport-Security max-age=31536000 if { ssl_fc }

            """
    }

    private func web() throws(BlueprintError) -> String {
        let balance =
            stack.balancer.algorithm == .source ? "source\n    hash-type consistent" : stack.balancer.algorithm.rawValue
        let slots = max(64, Self.webServerSlots / max(1, stack.hosts(.balancer).count))
        return """
            # [balancer] algorithm; the hosts with the role web
            backend web from http
                balance \(balance)
                option httpchk
                http-check send meth GET uri \(Site.webHealthPath) ver HTTP/1.1 hdr Host \(stack.sharedWebName)
                http-check expect status 200
                http-request disable-l7-retry unless METH_GET
                default-server \(try tlsToServers())
                default-server check inter 1s fastinter 250ms downinter 500ms fall 2 rise 1
                # A connection that fails brings the next check forward; by then the requests that met it have gone to
                # another server. Requests that hang in a server that is down are ended rather than left to their time-out.
                default-server observe layer4 error-limit 1 on-error fastinter on-marked-down shutdown-sessions
                default-server maxconn \(slots)
                # Idle connections are kept for a while: after some quiet seconds the next visitors need not wait for handshakes.
                default-server pool-purge-delay 1m
            \(servers.joined(separator: "\n").indented)
            """
    }

    /// When checks fail everywhere at once, the checker is more likely wrong than every server is dead.
    private func lastResort() throws(BlueprintError) -> String {
        """
        # Used while no web server passes its checks: they are tried all the same.
        backend last_resort from http
            balance roundrobin
            http-request disable-l7-retry unless METH_GET
            default-server \(try tlsToServers())
        \(servers.joined(separator: "\n").indented)
        """
    }

    /// Web servers serve nobody but the stack's own hosts: what the balancer says of a client is believed there.
    private func tlsToServers() throws(BlueprintError) -> String {
        "ssl verify required ca-file \(try HAProxySyntax.word(layout.caFile)) crt \(try HAProxySyntax.word(layout.balancerBundleFile))"
    }

    private var servers: [String] {
        stack.hosts(.web).map {
            let name = stack.webName(of: $0)
            return "server \($0.name) \($0.address):\(Ports.web) verifyhost \(name) sni str(\(name)) check-sni \(name)"
        }
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

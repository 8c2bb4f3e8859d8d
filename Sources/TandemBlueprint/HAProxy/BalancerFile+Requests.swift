import TandemStack

extension BalancerFile {
    private var names: FrontNames { FrontNames(stack: site.stack) }

    /// What the front does with a request before a web server gets it.
    func requests() throws(BlueprintError) -> String {
        """
        \(Self.refusals)
        # HTTP/1.0 knows no Host.
        http-request set-header Host \(site.stack.domain) unless { req.hdr_cnt(host) gt 0 }
        http-request set-var(txn.name) req.hdr(host),host_only,lower

        \(redirect)
        \(try names.rules())
        http-request return status 200 hdr Allow "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS" if METH_OPTIONS { url -m str * }

        # What clients say of themselves, or as if they were a proxy, is not believed.
        http-request del-header \(try HAProxySyntax.word(ForgedHeaders.pattern)) -m reg
        http-request set-header X-Forwarded-For %[src]
        http-request set-header X-Forwarded-Proto https
        http-request set-header X-Forwarded-Host %[req.hdr(host)]
        http-request set-header X-Forwarded-Port \(site.stack.balancer.httpsPort.number)
        http-request set-header X-Request-Id %[unique-id]
        http-request set-header X-Tandem-Balancer \(site.host.name)
        http-request add-header Via "%[req.ver] \(NginxFile.viaName)"
        """
    }

    private static let refusals = """
        # Larger ones than this do not fit in anywhere along the way.
        http-request return status 431 content-type text/plain string "The headers of this request, cookies among them, are larger than \(HeaderLimits.bytes >> 10) KB, or more than \(HeaderLimits.fields).\\n" if { req.hdrs,length gt \(HeaderLimits.bytes) } || { req.hdr_cnt() gt \(HeaderLimits.fields) }
        http-request return status 414 content-type text/plain string "The address of this request is longer than \(HeaderLimits.targetBytes >> 10) KB.\\n" if { url,length gt \(HeaderLimits.targetBytes) }
        http-request deny deny_status 400 unless HTTP_1.0 || { req.hdr_cnt(host) gt 0 }
        """

    /// To the same host on the HTTPS port if it is one of ours, else to the domain: never where the client's Host
    /// header alone points.
    private var redirect: String {
        let port = site.stack.balancer.httpsPort.number
        let authority = "%[var(txn.host)]" + (port == 443 ? "" : ":\(port)")
        return """
            http-request set-var(txn.host) str(\(site.stack.domain)) unless { ssl_fc }
            http-request set-var(txn.host) var(txn.name) if !{ ssl_fc } { var(txn.name) -m str \(names.known.joined(separator: " ")) }
            http-request redirect code \(names.isLocal ? 307 : 308) location https://\(authority)%[pathq] unless { ssl_fc }
            """
    }

    var strictTransportSecurity: String {
        if names.isLocal { return "" }
        return """
                http-after-response set-header Strict-Transport-Security max-age=31536000 if { ssl_fc }

            """
    }

    /// What holds for answers, in every backend.
    static let answers = """
        # Streams may be silent for as long as WebSockets.
        http-response set-timeout server \(Reload.bound) if { res.hdr(content-type) -i -m beg text/event-stream } || { res.hdr(x-accel-buffering) -i -m str no }
        # What nginx would take for a reason not to compress comes under another name.
        http-response set-header Cache-Control "%[res.fhdr(\(NginxFile.carriedCacheControl))]" if { res.hdr(\(NginxFile.carriedCacheControl)) -m found }
        http-response del-header \(NginxFile.carriedCacheControl)
        """
}

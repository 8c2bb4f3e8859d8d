/// Request headers in which a proxy speaks of a client, or for one. The front is the first proxy, so whatever a client
/// sends in them is its own invention; the front drops them all and then sets its own.
///
/// The patterns hold what the usual frameworks, servers and clouds read: Rack and Rails, Django, Werkzeug, Symfony and
/// Laravel, Spring, ASP.NET, WebLogic, gunicorn (SCRIPT_NAME, PATH_INFO), Next.js, oauth2-proxy, Envoy, Akamai,
/// Cloudflare, CloudFront, Fastly, Fly, App Engine, Azure. HAProxy has names in lower case by then. Many servers take
/// an underscore for a hyphen, so both are meant.
enum ForgedHeaders {
    private static let patterns = [
        "forwarded.*",
        "x-forwarded.*",
        "x-tandem.*",
        // The address, name, scheme and port of a client.
        "x-real-.*", "client-ip", "x-client-ip", "true-client-ip", "x-true-client-ip", "x-cluster-client-ip",
        "x-remote-.*", "x-source-.*", "x-coming-from", "x-host", "x-http-host", "x-port", "x-proto", "x-scheme",
        "x-url-scheme",
        "x-http-host-override", "x-forward-.*", "front-end-https", "x-proxyuser-ip", "wl-proxy-.*", "proxy(-.*)?",
        // The path, where it differs from that of the request.
        "x-original-.*", "x-rewrite-.*", "x-script-name", "script-name", "path-info", "x-waws-unencoded-url",
        // What particular proxies and clouds say.
        "x-envoy-.*", "cf-.*", "cloudfront-.*", "fastly-.*", "fly-.*", "x-appengine-.*", "x-azure-.*",
        "x-arr-.*", "x-vercel-.*", "x-nf-client-connection-ip", "do-connecting-ip", "incap-client-ip",
        "ali-cdn-real-ip", "akamai-.*", "x-akamai-.*",
        // Who the client is, by the word of a proxy that asked.
        "remote-user", "x-auth-user", "x-auth-request-.*", "x-webauth-.*", "x-authentik-.*", "tailscale-user-.*",
        "x-authenticated-.*", "x-goog-authenticated-.*", "x-goog-iap-.*",
        "x-amzn-oidc-.*", "x-ms-client-principal.*", "ssl-client-.*", "x-ssl-.*", "x-client-(cert|verify|dn|ssl).*",
        "client-cert.*",
        // What tells a server's own parts what to do.
        "x-sendfile-type", "x-accel-.*", "x-middleware-subrequest.*",
    ]

    /// One regular expression for the names of all of them.
    static let pattern =
        "^(" + patterns.map { $0.split(separator: "-").joined(separator: "[-_]") }.joined(separator: "|") + ")$"
}

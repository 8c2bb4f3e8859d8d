import TandemStack

extension NginxFile {
    /// The groups of servers that requests are passed to.
    var upstreams: [String] {
        var groups: [String] = []
        if host.has(.web) { groups.append(host.has(.app) ? ownAppFirst : remoteApps(stack.hosts(.app), name: "app")) }
        if host.has(.app) { groups.append(ownApp) }
        if hasPeerHop { groups.append(remoteApps(site.standInHosts, name: "peers")) }
        return groups
    }

    /// Never suspected (`max_fails`): on this host, one that is down refuses at once, so that asking costs nothing, and it
    /// gets requests again as soon as it listens.
    private var ownInstances: [String] {
        (0..<stack.app.instances).map {
            "server \(host.loopbackAddress):\(Ports.app + $0) max_fails=0;"
        }
    }

    /// An idle connection is given up before common app servers (Node, uvicorn: 5 s) give it up themselves, so that a
    /// POST does not meet one that is just being closed.
    private static let ownKeepalive = """
        keepalive 256;
        keepalive_timeout 4s;
        keepalive_requests 1000000;
        """

    private var ownAppFirst: String {
        let backup = hasPeerHop ? ["server \(host.loopbackAddress):\(Ports.peerHop) backup max_fails=0;"] : []
        return """
            # [app] instances: this host's own, and the other hosts' while none of these answers
            upstream app {
            \((ownInstances + backup).joined(separator: "\n").indented)
            \(Self.ownKeepalive.indented)
            }
            """
    }

    private var ownApp: String {
        """
        # [app] instances: this host's own and no others
        upstream own_app {
        \(ownInstances.joined(separator: "\n").indented)
        \(Self.ownKeepalive.indented)
        }
        """
    }

    /// One that failed a request is left alone for a moment: an address that swallows everything would cost each request a
    /// second. (A group of one is never left alone: nginx ignores `max_fails` there.)
    private func remoteApps(_ hosts: [Host], name: String) -> String {
        func group(_ name: String, _ bound: String) -> String {
            let servers = hosts.map { "server \($0.address):\(Ports.appDoor) \(bound);" }
            return """
                upstream \(name) {
                \(servers.joined(separator: "\n").indented)
                    keepalive 256;
                    keepalive_timeout 60s;
                    keepalive_requests 1000000;
                }
                """
        }
        let heading = "# The app on other hosts, through their nginx"
        let suspecting = group(name, "max_fails=1 fail_timeout=\(Suspicion.seconds)s")
        guard hosts.count > 1 else { return heading + "\n" + suspecting }
        return """
            \(heading)
            \(suspecting)
            # While all are left alone, because each failed a request within the last second, they are tried all the same.
            \(group(name + Self.allTheSame, "max_fails=0"))
            map $upstream_addr \(Self.choice(of: name)) {
                volatile;
                default \(name);
                "~(^|[ ,:])\(name)$" \(name + Self.allTheSame);
            }
            """
    }

    /// The group to try next: nginx names the group itself where an address would stand when there was nobody to ask.
    private static func choice(of name: String) -> String { "$tandem_\(name)" }
    private static let allTheSame = "_all_the_same"

    /// What the balancers call.
    func webServer() throws(BlueprintError) -> String {
        let files: String
        if let folder = stack.web.staticFolder {
            files = """
                # [web] static: files are answered here, all else by the app
                root \(try NginxSyntax.expanded(folder));
                location / {
                    try_files $uri $uri/index.html @app;
                    # Static files know no POST; the app may.
                    error_page 405 = @app;
                }
                # Hidden files (.git, .env) are not for everyone.
                location ~ /\\.(?!well-known/) {
                    try_files /.tandem/none @app;
                }

                """
        } else {
            files = ""
        }
        let appLocation = stack.web.staticFolder == nil ? "/" : "@app"
        let app =
            host.has(.app)
            ? "location \(appLocation) {\n    proxy_pass http://app;\n}"
            : remote(appLocation, "app", of: stack.hosts(.app))
        let locations = files + app + "\n" + tunnel
        return """
            # [web]: what the balancers call
            server {
                listen \(host.address):\(Ports.web) ssl backlog=4096;
                server_name _;
            \(Self.only("balancer").indented)

                gzip on;
                gzip_comp_level 4;
                gzip_min_length 1024;
                gzip_proxied any;
                gzip_vary on;
                gzip_types text/plain text/css text/xml text/javascript application/javascript application/json
                           application/ld+json application/manifest+json application/problem+json application/xml
                           application/rss+xml application/atom+xml application/wasm image/svg+xml font/ttf font/otf;

                location = \(Site.webHealthPath) {
                    access_log off;
                    default_type text/plain;
                    return 200 "ok\\n";
                }
                if ($tandem_tunnel) {
                    rewrite ^ \(Self.tunnelPath) last;
                }
            \(locations.indented)
            }
            """
    }

    /// Refuses certificates of the stack that are of another kind. No user's text reaches the organisational unit.
    private static func only(_ kind: String) -> String {
        """
        if ($ssl_client_s_dn !~ ",OU=\(kind),O=Tandem$") {
            return 403;
        }
        """
    }

    private static let tunnelPath = "/.tandem/tunnel"

    /// WebSockets. A location of their own because a time-out cannot depend on the request; named by a path that nobody
    /// can ask for.
    private var tunnel: String {
        let pass =
            host.has(.app)
            ? "proxy_pass http://app$request_uri;"
            : "proxy_pass https://app$request_uri;\nproxy_next_upstream error timeout http_502;"
        return """
            location = \(Self.tunnelPath) {
                internal;
            \(Self.tunnelTimeouts.indented)
            \(pass.indented)
            }
            """
    }

    /// Locations that pass requests to the apps of other hosts.
    ///
    /// A door whose app is dead answers 502, and says so if the app never saw the request. nginx itself would not repeat
    /// a POST then, because it was sent to the door; on the door's word it goes round once more, and again while luck
    /// leads it to dead doors, but not for ever.
    private func remote(_ location: String, _ upstream: String, of hosts: [Host]) -> String {
        func pass(to upstream: String) -> String {
            """
            proxy_pass https://\(upstream);
            proxy_next_upstream error timeout http_502;
            proxy_intercept_errors on;
            recursive_error_pages on;
            error_page 502 = @another_app;
            """
        }
        // A group of one has somebody to ask always.
        var next = upstream
        var unsent = "$upstream_http_x_tandem_unsent"
        var askedNobody = ""
        if hosts.count > 1 {
            next = Self.choice(of: upstream)
            askedNobody = """

                    set $tandem_again \(unsent);
                    if (\(next) = \(upstream + Self.allTheSame)) {
                        set $tandem_again 1;
                    }
                """
            unsent = "$tandem_again"
        }
        return """
            location \(location) {
            \(pass(to: upstream).indented)
            }
            location @another_app {
                default_type text/plain;\(askedNobody)
                if (\(unsent) = "") {
                    return 502 "The application did not answer.\\n";
                }
                if ($upstream_status ~ "^([0-9]+ [:,] ?){6}") {
                    return 502 "The application did not answer.\\n";
                }
            \(pass(to: next).indented)
            }
            """
    }

    /// This host's own app for the other web servers.
    var appDoor: String {
        """
        # Whether no instance of this host's app was reached, so that the request may go elsewhere, whatever it is.
        map $upstream_connect_time $tandem_unsent {
            default 1;
            "~[0-9]" "";
        }
        # This host's app, for the web servers of other hosts
        server {
            listen \(host.address):\(Ports.appDoor) ssl backlog=4096;
            server_name _;
        \(Self.only("web").indented)
        \(Self.boundElsewhere.indented)
            location / {
                proxy_pass http://own_app;
                proxy_hide_header X-Tandem-Unsent;
                add_header X-Tandem-Unsent $tandem_unsent always;
                # The web server that took the request has named itself.
        \(Self.unchangedHeaders.indented.indented)
            }
        }
        """
    }

    /// From this host's web server to the other hosts' apps. It speaks plain HTTP, because the members of an upstream
    /// group share one protocol and this host's own app speaks that.
    var peerHop: String {
        """
        # To the apps of other hosts; called by this nginx alone
        server {
            listen \(host.loopbackAddress):\(Ports.peerHop);
            server_name _;
        \(Self.boundElsewhere.indented)
            access_log off;
        \(remote("/", "peers", of: site.standInHosts).indented)
        }
        """
    }

    private static let boundElsewhere = """
        # The web server that took the request bounds it. A WebSocket may be silent for long.
        \(tunnelTimeouts)
        """

    private static let unchangedHeaders = """
        proxy_set_header Host $http_host;
        proxy_set_header Upgrade $http_upgrade;
        proxy_set_header Connection $tandem_connection;
        proxy_set_header X-Tandem-Web $http_x_tandem_web;
        """
}

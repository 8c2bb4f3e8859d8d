import TandemStack

extension NginxFile {
    /// The groups of servers that requests are passed to.
    func upstreams() throws(BlueprintError) -> [String] {
        var groups: [String] = []
        if host.has(.web) {
            groups += host.has(.app) ? [try ownAppFirst()] : remoteApps(stack.hosts(.app), name: "app")
        }
        if host.has(.app) { groups.append(ownApp) }
        if hasPeerHop { groups += remoteApps(site.standInHosts, name: "peers") }
        return groups
    }

    /// Never suspected (`max_fails`): on this host, one that is down refuses at once, so that asking costs nothing, and it
    /// gets requests again as soon as it listens.
    private var ownInstances: [String] {
        (0..<stack.app.instances).map {
            let port = Ports.app + $0
            return
                "server \(host.loopbackAddress):\(port) max_fails=0\(site.avoidedPorts.contains(port) ? " down" : "");"
        }
    }

    /// An idle connection is given up before common app servers (gunicorn: 2 s; Node, uvicorn: 5 s) give it up
    /// themselves, so that a POST does not meet one that is just being closed.
    private static let ownKeepalive = """
        keepalive 256;
        keepalive_timeout 1s;
        keepalive_requests 1000000;
        """

    /// A unix socket in a folder of the engines' own: whoever could call it would be believed to be a balancer.
    private func peerSocket() throws(BlueprintError) -> String {
        try NginxSyntax.literal("unix:\(site.layout.peerSocket)")
    }

    private func ownAppFirst() throws(BlueprintError) -> String {
        let backup = hasPeerHop ? ["server \(try peerSocket()) backup max_fails=0;"] : []
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

    /// The group of all, and one for each half of them: a request that an app has lost goes on to the other half. An app that
    /// is ending takes requests until it has ended, so at the same door the request might be lost once more. Two halves, and not
    /// a group for each host, so that the files of large stacks stay small.
    private func remoteApps(_ hosts: [Host], name: String) -> [String] {
        let group = remoteGroup(hosts, of: hosts, name: name, comment: "The app on other hosts, through their nginx")
        guard hosts.count > 1 else { return [group] }
        let middle = (hosts.count + 1) / 2
        let halves = [Array(hosts[..<middle]), Array(hosts[middle...])]
        var lines: [String] = []
        for (half, other) in zip(halves, ["\(name)_half2", "\(name)_half1"]) {
            lines += half.map {
                #""~(^| )\#($0.address.replacing(".", with: #"\."#)):\#(Ports.appDoor)$" \#(other);"#
            }
        }
        let map = """
            # Where to go on to from the door that was called last.
            map $upstream_addr \(Self.otherDoors) {
                volatile;
                default \(name);
            \(lines.joined(separator: "\n").indented)
            }
            """
        return [
            group,
            remoteGroup(halves[0], of: hosts, name: "\(name)_half1", comment: "One half of them before the others"),
            remoteGroup(halves[1], of: hosts, name: "\(name)_half2", comment: "The other half before the others"), map,
        ]
    }

    private static let otherDoors = "$tandem_other_doors"

    /// One that failed a request is left alone for a moment: an address that swallows everything would cost each request a
    /// second. While all are left alone they are tried all the same: each stands there a second time, for when nobody else
    /// is left, and is never suspected as such. (A group of one is never left alone: nginx ignores `max_fails` there.)
    private func remoteGroup(_ first: [Host], of hosts: [Host], name: String, comment: String) -> String {
        func door(_ host: Host) -> String { "server \(host.address):\(Ports.appDoor)" }
        var servers = first.map { "\(door($0)) max_fails=1 fail_timeout=\(Suspicion.seconds)s;" }
        if hosts.count > 1 { servers += hosts.map { "\(door($0)) backup max_fails=0;" } }
        return """
            # \(comment)
            upstream \(name) {
            \(servers.joined(separator: "\n").indented)
                keepalive 256;
                keepalive_timeout 60s;
                keepalive_requests 1000000;
            }
            """
    }

    /// What the balancers call.
    func webServer() throws(BlueprintError) -> String {
        let appLocation = files.folders.isEmpty ? "/" : "@app"
        let app =
            host.has(.app)
            ? "location \(appLocation) {\n    proxy_pass http://app;\n}"
            : remote(appLocation, "app", of: stack.hosts(.app), losses: 2)
        let locations = try files.locations() + app
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
                if ($tandem_private) {
                    return 404;
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

    /// What a door answers when its app did not: a code that apps have no use for, so that theirs pass as they are.
    private static let noAnswer = 597
    /// Doors that one request is led to at most, when those before had nobody who answers.
    private static let doorLimit = 12

    /// Locations that pass requests to the apps of other hosts.
    ///
    /// A door whose app does not answer says so, and whether the app has got the request. nginx itself would not repeat a
    /// POST then, because it was sent to the door; on the door's word it goes round again while luck leads it to dead doors,
    /// but not for ever. A GET that was lost in an app may go to one of another host, and not on: it may be what kills them.
    ///
    /// - Parameter losses: how many apps may have lost the request before it is given up.
    private func remote(_ location: String, _ upstream: String, of hosts: [Host], losses: Int) -> String {
        func pass(_ group: String) -> String {
            """
            proxy_pass https://\(group);
            proxy_intercept_errors on;
            recursive_error_pages on;
            error_page \(Self.noAnswer) = @another_app;
            """
        }
        return """
            set $tandem_doors "";
            location \(location) {
            \(pass(upstream).indented)
            }
            location @another_app {
                default_type text/plain;
                set $tandem_doors "$tandem_doors $upstream_http_x_tandem_unsent";
                if ($tandem_doors ~ " $|(no.*){\(losses)}|(yes.*){\(Self.doorLimit)}") {
                    return 502 "The application did not answer.\n";
                }
            \(pass(hosts.count > 1 ? Self.otherDoors : upstream).indented)
            }
            """
    }

    /// This host's own app for the other web servers.
    var appDoor: String {
        """
        # Whether the app has not got the request, so that it may go elsewhere, whatever it is; empty where it has, and the
        # request may not be repeated, or would be answered in the same way again.
        map "$request_method $upstream_connect_time/$upstream_bytes_received" $tandem_unsent {
            default no;
            "~/.*[1-9]" "";
            "~^[^0-9]*/" yes;
            "~^(POST|LOCK|PATCH) " "";
        }
        # This host's app, for the web servers of other hosts
        server {
            listen \(host.address):\(Ports.appDoor) ssl backlog=4096;
            server_name _;
        \(Self.only("web").indented)
            location / {
                proxy_pass http://own_app;
                error_page 502 504 = @no_answer;
                proxy_hide_header X-Tandem-Unsent;
                # The web server that took the request has named itself.
        \(Self.unchangedHeaders.indented.indented)
            }
            location @no_answer {
                default_type text/plain;
                if ($tandem_unsent = "") {
                    return 502 "The application did not answer.\n";
                }
                add_header X-Tandem-Unsent $tandem_unsent always;
                return \(Self.noAnswer);
            }
        }
        """
    }

    /// From this host's web server to the other hosts' apps. It speaks plain HTTP, because the members of an upstream
    /// group share one protocol and this host's own app speaks that.
    func peerHop() throws(BlueprintError) -> String {
        """
        # To the apps of other hosts; called by this nginx alone
        server {
            listen \(try peerSocket());
            server_name _;
            access_log off;
            # Workers that go with a reload close connections that idle: a request of their fellows would be lost on one.
            keepalive_timeout 0;
        \(remote("/", "peers", of: site.standInHosts, losses: 1).indented)
        }
        """
    }

    private static let unchangedHeaders = """
        proxy_set_header Host $http_host;
        proxy_set_header Upgrade $tandem_upgrade;
        proxy_set_header Connection $tandem_connection;
        proxy_set_header X-Tandem-Web $http_x_tandem_web;
        """
}

import TandemStack

extension NginxFile {
    /// The groups of servers that requests are passed to.
    func upstreams() throws(BlueprintError) -> [String] {
        var groups: [String] = []
        if host.has(.web) {
            groups += host.has(.app) ? try ownAppFirst() : remoteApps(stack.hosts(.app), name: "app")
        }
        if host.has(.app) { groups += ownApp }
        if hasPeerHop { groups += remoteApps(site.standInHosts, name: "peers") }
        return groups
    }

    /// Never suspected (`max_fails`): on this host, one that is down refuses at once, so that asking costs nothing, and
    /// it gets requests again as soon as it listens.
    private func own(_ ports: some Sequence<Int>) -> [String] {
        ports.map {
            "server \(host.loopbackAddress):\($0) max_fails=0\(site.avoidedPorts.contains($0) ? " down" : "");"
        }
    }

    private var ownInstances: [String] { own(Ports.app..<Ports.app + stack.app.instances) }

    /// An idle connection is given up before common app servers (gunicorn: 2 s; Node, uvicorn: 5 s) give it up
    /// themselves.
    private static let ownKeepalive = """
        keepalive 256;
        keepalive_timeout 1s;
        keepalive_requests 1000000;
        """

    /// A unix socket in a folder of the engines' own: whoever could call it would be believed to be a balancer.
    func peerSocket() throws(BlueprintError) -> String {
        try NginxSyntax.literal("unix:\(site.layout.peerSocket)")
    }

    private func ownAppFirst() throws(BlueprintError) -> [String] {
        let peers = "server \(try peerSocket())"
        let backup = hasPeerHop ? ["\(peers) backup max_fails=0;"] : []
        var groups = ownGroup(
            "app", ownInstances + backup,
            "[app] instances: this host's own, and the other hosts' while none of these answers")
        guard let leaving else { return groups }
        groups += groupsWithout("app", leaving.groups).flatMap {
            ownGroup($0.name, own($0.ports) + backup, "The same while some are about to be restarted")
        }
        if hasPeerHop {
            groups += ownGroup("others", ["\(peers) max_fails=0;"], "The other hosts' alone", keepalive: nil)
        }
        return groups
    }

    private var ownApp: [String] {
        let all = ownGroup("own_app", ownInstances, "[app] instances: this host's own and no others")
        return groupsWithout("own_app", leaving?.groups ?? []).reduce(all) {
            $0 + ownGroup($1.name, own($1.ports), "The same while some are about to be restarted")
        }
    }

    /// The group, and the same for requests that get a connection of their own (`freshConnections`).
    private func ownGroup(
        _ name: String, _ servers: [String], _ comment: String, keepalive: String? = ownKeepalive
    ) -> [String] {
        let lines = servers.joined(separator: "\n")
        return [
            """
            # \(comment)
            upstream \(name) {
            \([lines, keepalive].compactMap(\.self).joined(separator: "\n").indented)
            }
            """,
            "upstream \(name)_fresh {\n\(lines.indented)\n}",
        ]
    }

    /// A server may close a connection that idles at any time, some do with every answer and do not say so (uWSGI's
    /// `--http-socket`). A request that was sent on one is lost, and nginx may not send a POST again.
    static let freshConnections = """
        # To the app, what may not be sent twice gets a connection of its own: the app may just be closing one that idles.
        map $request_method $tandem_fresh {
            default "";
            "~^(POST|LOCK|PATCH)$" _fresh;
        }
        """

    /// The group of all, and one for each half of them: a request that an app has lost goes on to the other half. An
    /// app that is ending takes requests until it has ended, so at the same door the request might be lost once more.
    /// Two halves, and not a group for each host, so that the files of large stacks stay small.
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

    static let otherDoors = "$tandem_other_doors"

    /// One that failed a request is left alone for a moment: an address that swallows everything would cost each
    /// request a second. While all are left alone they are tried all the same: each stands there a second time, for
    /// when nobody else is left, and is never suspected as such. (A group of one is never left alone: nginx ignores
    /// `max_fails` there.)
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
        let choice = host.has(.app) ? try choice("app", elsewhere: hasPeerHop ? "others" : nil) : ("", "")
        let app =
            host.has(.app)
            ? "location \(appLocation) {\n    proxy_pass http://\(choice.1);\n}"
            : remote(appLocation, "app", of: stack.hosts(.app), losses: 2)
        let locations = try files.locations() + app
        var health = "access_log off;\ndefault_type text/plain;\n"
        if let leaving, leaving.hasOtherWebServers {
            health += """
                # Before a reload or a restart, which closes connections that idle: the balancers send new requests elsewhere.
                \(try isLeaving(Leaving.nginx)) {
                    return 404 "leaving\\n";
                }

                """
        }
        return """
            # [web]: what the balancers call
            server {
                listen \(host.address):\(Ports.web) ssl backlog=4096;
                server_name _;
            \((Self.only("balancer") + choice.0).indented)

            \(Self.compression.indented)

                location = \(Site.webHealthPath) {
            \(health.indented.indented)        return 200 "ok\\n";
                }
                if ($tandem_private) {
                    return 404;
                }
            \(locations.indented)
            }
            """
    }

    /// Refuses certificates of the stack that are of another kind. No user's text reaches the organisational unit.
    static func only(_ kind: String) -> String {
        """
        if ($ssl_client_s_dn !~ ",OU=\(kind),O=Tandem$") {
            return 403;
        }
        """
    }
}

import Foundation

/// The same programs in the same chain, configured by hand: no agents and no database router. The application goes
/// straight to MySQL, to the primary for writes, and reads from that and its own host's server. The two database
/// servers are those of Tandem's stack, so that both contenders have the same ones.
struct HandWritten {
    enum Style: Int, CaseIterable {
        /// For speed alone: nobody looks whether a server lives, and a request that meets a dead one fails.
        case fast
        /// For speed alone, and HAProxy speaks plain HTTP to nginx, which Tandem never does; users are always served
        /// over TLS.
        case plain
        /// For speed alone, and Linux is asked to schedule the programs as Tandem has its services scheduled, which is
        /// no setting of these programs.
        case batch
        /// With what Tandem's files do for each request: health checks, retries, request ids in headers and logs, and
        /// none of what clients say of themselves believed.
        case careful

        var name: String {
            switch self {
            case .fast: "written by hand, for speed alone"
            case .plain: "written by hand, for speed alone, plain HTTP inside"
            case .batch: "written by hand, for speed alone, programs under SCHED_BATCH"
            case .careful: "written by hand, with health checks, retries and request ids"
            }
        }
    }

    let style: Style
    let url: String
    /// By tier.
    let processes: [String: [Process]]

    init(stack: TandemStack, conduit: String, style: Style) throws {
        self.style = style
        let port = 9443 + style.rawValue
        url = "https://127.0.0.1:\(port)"
        let folder = "\(stack.folder)/hand-\(style)"
        let scheduling: Program.Scheduling = style == .batch ? .batch : .ordinary
        let status = try stack.status()
        var processes: [String: [Process]] = [:]
        let subnet = "127.\(201 + style.rawValue).0"
        let addresses = ["\(subnet).21", "\(subnet).22"]
        do {
            for (address, host) in zip(addresses, ["server1", "server2"]) {
                let own = "\(folder)/\(host)"
                try FileManager.default.createDirectory(atPath: "\(own)/tmp", withIntermediateDirectories: true)
                let tls = stack.hostFolder(host) + "/tls"
                try Self.nginx(style, address: address, tls: style == .plain ? nil : tls, folder: own).write(
                    toFile: "\(own)/nginx.conf", atomically: true, encoding: .utf8)
                processes["nginx", default: []].append(
                    try Program.start(
                        [stack.engine("nginx"), "-p", own + "/", "-e", "stderr", "-c", "\(own)/nginx.conf"],
                        scheduling: scheduling, log: "\(own)/nginx.log"))
                let environment = try Self.environment(
                    of: status, primary: "server1", own: host, listensOn: address)
                processes["app", default: []].append(
                    try Program.start(
                        [conduit], environment: environment, scheduling: scheduling, log: "\(own)/app.log"))
            }
            let configuration = try Self.haproxy(style, stack: stack, port: port, servers: addresses)
            try configuration.write(toFile: "\(folder)/haproxy.cfg", atomically: true, encoding: .utf8)
            for number in 1...2 {
                processes["haproxy", default: []].append(
                    try Program.start(
                        [stack.engine("haproxy"), "-W", "-db", "-f", "\(folder)/haproxy.cfg"],
                        scheduling: scheduling, log: "\(folder)/haproxy-\(number).log"))
            }
            self.processes = processes
            try waitUntilItServes(folder)
        } catch {
            for process in processes.values.joined() { process.terminate() }
            throw error
        }
    }

    func stop() {
        for tier in ["haproxy", "nginx", "app"] {
            for process in processes[tier] ?? [] {
                process.terminate()
                process.waitUntilExit()
            }
        }
    }

    /// - Parameter folder: gone soon after, so what its logs say belongs to the error.
    private func waitUntilItServes(_ folder: String) throws {
        for _ in 0..<100 {
            let answer = try Program.run(
                ["curl", "-sk", "-o", "/dev/null", "-w", "%{http_code}", "\(url)/api/tags"])
            if answer.output == "200" { return }
            Thread.sleep(forTimeInterval: 0.1)
        }
        let ends = try Program.succeed([
            "find", folder, "-name", "*.log", "-size", "+0", "-exec", "tail", "-n", "5", "-v", "{}", "+",
        ])
        throw Failure("the hand-written chain does not answer on \(url); its logs end with:\n\(ends)")
    }

    /// Two of these listen on one port.
    private static func haproxy(_ style: Style, stack: TandemStack, port: Int, servers: [String]) throws -> String {
        let tls = stack.hostFolder("lb1") + "/tls"
        let lines = servers.enumerated().map { index, address in
            let name = "server\(index + 1)"
            let secure =
                " ssl verify required ca-file \(tls)/ca.pem verifyhost \(name) sni str(\(name)) crt \(tls)/balancer.pem"
            let check = style == .careful ? " check inter 1s downinter 500ms check-sni \(name)" : ""
            return "    server \(name) \(address):4443" + (style == .plain ? "" : secure) + check
        }
        return """
            global
                nbthread 1

            defaults
                mode http
                timeout connect 2s
                timeout client 30s
                timeout server 35s
                timeout http-keep-alive 60s
                http-reuse always
            \(style == .careful ? carefulDefaults : "")
            frontend front
                bind 127.0.0.1:\(port) ssl crt \(tls)/front.pem alpn h2,http/1.1
            \(style == .careful ? carefulHeaders : fewHeaders)
                default_backend web

            backend web
                balance roundrobin
            \(style == .careful ? carefulBackend : "")
            \(lines.joined(separator: "\n"))

            """
    }

    private static let fewHeaders = """
            option forwardfor
            http-request set-header X-Forwarded-Proto https
        """

    private static let carefulDefaults = """
            log stdout format raw local0 info
            option httplog
            option dontlog-normal
            timeout check 2s
            timeout http-request 10s
            retries 3
            option redispatch 1
            retry-on conn-failure empty-response junk-response
            unique-id-format %[uuid(7)]

        """

    private static let carefulHeaders = """
            http-request del-header forwarded
            http-request del-header x-real-ip
            http-request del-header proxy
            http-request set-header X-Forwarded-For %[src]
            http-request set-header X-Forwarded-Proto https
            http-request set-header X-Forwarded-Host %[req.hdr(host)]
            http-request set-header X-Forwarded-Port 443
            http-request set-header X-Request-Id %[unique-id]
            http-after-response set-header X-Request-Id %[unique-id]
        """

    private static let carefulBackend = """
            option httpchk GET /health
            http-request disable-l7-retry unless METH_GET
        """

    private static func nginx(_ style: Style, address: String, tls: String?, folder: String) -> String {
        let secure =
            tls.map {
                """
                ssl_certificate \($0)/web.pem;
                    ssl_certificate_key \($0)/web-key.pem;
                    ssl_client_certificate \($0)/ca.pem;
                    ssl_verify_client on;
                    ssl_verify_depth 2;
                    ssl_session_cache shared:tls:1m;
                """
            } ?? ""
        return """
            daemon off;
            worker_processes 1;
            pid \(folder)/tmp/nginx.pid;
            events { worker_connections 8192; }
            http {
            \(style == .careful ? idLog : "")
                access_log \(folder)/access.log \(style == .careful ? "ids" : "combined") buffer=64k flush=1s;
                \(secure)
                client_body_temp_path \(folder)/tmp/body;
                proxy_temp_path \(folder)/tmp/proxy;
                fastcgi_temp_path \(folder)/tmp/fastcgi;
                uwsgi_temp_path \(folder)/tmp/uwsgi;
                scgi_temp_path \(folder)/tmp/scgi;
                keepalive_timeout 1h;
                keepalive_requests 1000000;
                upstream app {
                    server \(address):3000;
                    keepalive 256;
                    keepalive_requests 1000000;
                }
                server {
                    listen \(address):4443\(tls == nil ? "" : " ssl") backlog=4096;
                    location = /health { access_log off; return 200; }
                    location / {
                        proxy_pass http://app;
                        proxy_http_version 1.1;
                        proxy_set_header Connection "";
                        proxy_set_header Host $http_host;
                    }
                }
            }

            """
    }

    private static let idLog = """
            log_format ids '$time_iso8601 $http_x_forwarded_for "$request" $status $body_bytes_sent $request_time '
                           'id=$http_x_request_id upstream="$upstream_addr" upstream_time="$upstream_response_time"';
        """

    /// What the app of Tandem's stack was given, but for the addresses.
    private static func environment(
        of status: TandemStack.Status, primary: String, own: String, listensOn address: String
    ) throws -> [String: String] {
        guard let app = status.pids("app").first,
            let data = FileManager.default.contents(atPath: "/proc/\(app)/environ")
        else { throw Failure("the app's environment cannot be read") }
        var environment: [String: String] = [:]
        for entry in data.split(separator: 0) {
            let parts = String(decoding: entry, as: UTF8.self).split(separator: "=", maxSplits: 1)
            if parts.count == 2 { environment[String(parts[0])] = String(parts[1]) }
        }
        for (variable, host) in [("DATABASE_URL", primary), ("DATABASE_READ_URL", own)] {
            guard let url = environment[variable], let start = url.range(of: "@"),
                let end = url[start.upperBound...].firstIndex(of: "/")
            else { throw Failure("the app has no \(variable)") }
            environment[variable] = url[..<start.upperBound] + (try status.address(host)) + ":3306" + url[end...]
        }
        // There is no agent that it could ask: it goes where the URLs lead.
        environment["TANDEM_TOPOLOGY_URL"] = nil
        environment["HOST"] = address
        environment["PORT"] = "3000"
        return environment
    }
}

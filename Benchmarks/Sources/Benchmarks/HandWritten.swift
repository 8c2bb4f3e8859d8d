import Foundation

/// The same programs in the same chain, configured by hand for speed: no agents, no health checks, no retries, no database
/// router. The application goes straight to MySQL, each to the primary for writes and to its own host's server for reads. The
/// two database servers are those of Tandem's stack, so that both contenders have the same ones.
struct HandWritten {
    /// Whether HAProxy speaks TLS to nginx, as in Tandem's stack; users are always served over TLS.
    let hasInnerTLS: Bool
    let url: String
    /// By tier.
    let processes: [String: [Process]]

    private static let frontPort = 9443
    private static let plainFrontPort = 9444

    init(stack: TandemStack, conduit: String, hasInnerTLS: Bool) throws {
        self.hasInnerTLS = hasInnerTLS
        let port = hasInnerTLS ? Self.frontPort : Self.plainFrontPort
        url = "https://127.0.0.1:\(port)"
        let folder = "\(stack.folder)/hand-\(hasInnerTLS ? "tls" : "plain")"
        let status = try stack.status()
        var processes: [String: [Process]] = [:]
        let subnet = hasInnerTLS ? "127.201.0" : "127.202.0"
        let addresses = ["\(subnet).21", "\(subnet).22"]
        do {
            for (address, host) in zip(addresses, ["server1", "server2"]) {
                let own = "\(folder)/\(host)"
                try FileManager.default.createDirectory(atPath: "\(own)/tmp", withIntermediateDirectories: true)
                let tls = stack.hostFolder(host) + "/tls"
                try Self.nginx(address: address, tls: hasInnerTLS ? tls : nil, folder: own).write(
                    toFile: "\(own)/nginx.conf", atomically: true, encoding: .utf8)
                processes["nginx", default: []].append(
                    try Program.start(
                        [stack.engine("nginx"), "-p", own + "/", "-e", "stderr", "-c", "\(own)/nginx.conf"],
                        log: "\(own)/nginx.log"))
                let environment = try Self.environment(
                    of: status, primary: "server1", own: host, listensOn: address)
                processes["app", default: []].append(
                    try Program.start([conduit], environment: environment, log: "\(own)/app.log"))
            }
            let configuration = try Self.haproxy(stack: stack, port: port, servers: addresses, hasInnerTLS: hasInnerTLS)
            try configuration.write(toFile: "\(folder)/haproxy.cfg", atomically: true, encoding: .utf8)
            for number in 1...2 {
                processes["haproxy", default: []].append(
                    try Program.start(
                        [stack.engine("haproxy"), "-W", "-db", "-f", "\(folder)/haproxy.cfg"],
                        log: "\(folder)/haproxy-\(number).log"))
            }
            self.processes = processes
            try waitUntilItServes()
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

    private func waitUntilItServes() throws {
        for _ in 0..<100 {
            let answer = try Program.run(
                ["curl", "-sk", "-o", "/dev/null", "-w", "%{http_code}", "\(url)/api/tags"])
            if answer.output == "200" { return }
            Thread.sleep(forTimeInterval: 0.1)
        }
        throw Failure("the hand-written chain does not answer on \(url); its logs are in its folder under /tmp")
    }

    /// Two of these listen on one port.
    private static func haproxy(
        stack: TandemStack, port: Int, servers: [String], hasInnerTLS: Bool
    ) throws -> String {
        let tls = stack.hostFolder("lb1") + "/tls"
        let lines = servers.enumerated().map { index, address in
            let name = "server\(index + 1)"
            let secure =
                " ssl verify required ca-file \(tls)/ca.pem verifyhost \(name) sni str(\(name)) crt \(tls)/bundle.pem"
            return "    server \(name) \(address):4443" + (hasInnerTLS ? secure : "")
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

            frontend front
                bind 127.0.0.1:\(port) ssl crt \(tls)/front.pem alpn h2,http/1.1
                option forwardfor
                http-request set-header X-Forwarded-Proto https
                default_backend web

            backend web
                balance roundrobin
            \(lines.joined(separator: "\n"))

            """
    }

    private static func nginx(address: String, tls: String?, folder: String) -> String {
        let secure =
            tls.map {
                """
                ssl_certificate \($0)/cert.pem;
                    ssl_certificate_key \($0)/key.pem;
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
                access_log \(folder)/access.log combined buffer=64k flush=1s;
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

import Foundation
import Glibc
import Testing

extension IntegrationTests {
    @Test("roles sit on any hosts, in any number: 2 balancers, 2 web, 2 app, 3 database hosts")
    func splitRoles() async throws {
        let stack = try TrialStack(
            "itsplit",
            """
            app:
              run: '\(TrialStack.conduit)'
              instances: 2
            hosts:
              edge1: {roles: [balancer]}
              edge2: {roles: [balancer]}
              web1: {roles: [web]}
              web2: {roles: [web]}
              app1: {roles: [app]}
              app2: {roles: [app]}
              db1: {roles: [database]}
              db2: {roles: [database]}
              db3: {roles: [database]}
            """)
        do {
            try await stack.succeed("up", "--detach")
            let status = try await stack.status()
            #expect(status.state == "up")
            #expect(try status.host("app1").services.map(\.name).sorted() == ["app", "app-2", "nginx", "router"])
            let primary = try #require(status.database?.primary)
            #expect(["db1", "db2", "db3"].contains(primary))
            #expect(status.database?.replicas.map(\.state) == ["streaming", "streaming"])
            let tally = try await Curl.tally(
                header: "x-served-by", "\(status.url)/api/articles", count: 40, protocolOption: "--http1.1")
            #expect(Set(tally.keys) == ["app1", "app2"], "\(tally)")
            let posted = try await Curl.post(
                "\(status.url)/api/articles",
                json: #"{"article":{"title":"split","description":"d","body":"b","tagList":[]}}"#)
            #expect(posted.status == 201)
            for host in ["db1", "db2", "db3"] where host != primary {
                let sql = "SELECT COUNT(*) FROM itsplit.article"
                var count = ""
                for _ in 0..<50 where count != "1\n" {
                    count = try await stack.succeed("mysql", host, "--", "-N", "-e", sql).output
                    if count != "1\n" { try await Task.sleep(for: .milliseconds(100)) }
                }
                #expect(count == "1\n", "\(host) follows")
            }
            let log = try await stack.succeed("logs", "app-2").output.split(separator: "\n")
            #expect(!log.isEmpty && log.allSatisfy { $0.contains(" app-2 ") }, "\(log.prefix(3))")
            #expect(try await stack.tandem("logs", "app-3").status == 2)
            try await killAppHostsInTurn(stack, status)
            try await stack.succeed("down")
            try await checkNothingRuns(stack, status)
        } catch {
            try await stack.end()
            throw error
        }
        try await stack.end()
    }

    /// Each as soon as the other one serves again: no web server may still keep away from both.
    private func killAppHostsInTurn(_ stack: TrialStack, _ status: Status) async throws {
        let tally = try await Load(["\(status.url)/api/articles"]).during { load in
            for host in ["app1", "app2", "app1", "app2"] {
                load.note("kill the apps of \(host)")
                let before = try await stack.waitUntilUp { _ in true }
                let apps = try ["app", "app-2"].map { try #require(try before.service($0, on: host).pid) }
                for app in apps { #expect(kill(-app, SIGKILL) == 0) }
                _ = try await stack.waitUntil("the apps of \(host) run again") { status in
                    // None is told of while the agent is too busy to answer.
                    let running = try status.host(host).services.filter {
                        $0.name.hasPrefix("app") && $0.state == "running"
                    }
                    return running.count == 2 && running.allSatisfy { $0.pid.map { !apps.contains($0) } ?? false }
                }
            }
        }
        print("apps killed in turn: \(tally)")
        #expect(tally.failed.isEmpty, "\(tally)")
        #expect(tally.answered > 100, "\(tally)")
    }

    @Test("a GET that the app of one host loses is answered by another host's, however many come at once")
    func lostByOneHost() async throws {
        let stack = try TrialStack(
            "itlost",
            """
            app:
              run: exec python3 app.py
              instances: 2
            hosts:
              edge: {roles: [balancer, web]}
              app1: {roles: [app]}
              app2: {roles: [app]}
              db1: {roles: [database]}
            """)
        try """
        import os
        from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
        class App(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            def do_GET(self):
                if self.path == "/" and os.environ["TANDEM_HOST"] == "app1":
                    self.close_connection = True
                    return
                self.send_response(200)
                self.send_header("Content-Length", "3")
                self.end_headers()
                self.wfile.write(b"ok\\n")
            def log_message(self, *_): pass
        ThreadingHTTPServer((os.environ["HOST"], int(os.environ["PORT"])), App).serve_forever()
        """.write(toFile: "\(stack.folder)/app.py", atomically: true, encoding: .utf8)
        do {
            try await stack.succeed("up", "--detach")
            let status = try await stack.status()
            let tally = try await Load(["\(status.url)/"]).during(clients: 8) { _ in
                try await Task.sleep(for: .seconds(3))
            }
            print("lost by one host: \(tally)")
            #expect(tally.failed.isEmpty && tally.answered > 20, "\(tally)")
        } catch {
            try await stack.end()
            throw error
        }
        try await stack.end()
    }

    @Test("the smallest stack has one host with every role")
    func oneHost() async throws {
        let stack = try TrialStack(
            "itone",
            """
            app:
              run: '\(TrialStack.conduit)'
            hosts:
              solo: {roles: [balancer, web, app, database]}
            """)
        do {
            try await stack.succeed("up", "--detach")
            let status = try await stack.status()
            #expect(status.state == "up" && status.database?.sync == "solo")
            #expect(try await Curl.get("\(status.url)/api/articles").status == 200)
        } catch {
            try await stack.end()
            throw error
        }
        try await stack.end()
    }

    @Test("an address that is taken is named before anything starts")
    func takenAddress() async throws {
        let stack = try TrialStack("ittaken", "app:\n  run: 'sleep 1000'")
        let render = try await stack.succeed("check", "--format", "json")
        struct Checked: Decodable {
            struct Host: Decodable { var name: String, address: String }
            var hosts: [Host]
        }
        let hosts = try JSONDecoder().decode(Checked.self, from: Data(render.output.utf8)).hosts
        let address = try #require(hosts.first { $0.name == "server2" }?.address)
        let holder = try Holder(address: address, port: 3306)
        let up = try await stack.tandem("up", "--detach")
        holder.close()
        #expect(up.status == 1)
        // By whom is seen only where the account may look: as root the stack runs as a user of its own.
        #expect(up.errors.contains("server2: mysql: \(address):3306 is taken"), "\(up)")
        #expect(stack.processes() == [])
        try await stack.end()
    }

    @Test("an app that dies at its start: up says so with the app's own words, and stops all else")
    func dyingApp() async throws {
        let stack = try TrialStack("itdying", "app:\n  run: 'echo the config is missing; exit 7'")
        let up = try await stack.tandem("up", "--detach")
        #expect(up.status == 1)
        #expect(up.errors.contains("app on server"), "\(up)")
        #expect(up.errors.contains("exited with status 7"), "\(up)")
        #expect(up.errors.contains("the config is missing"), "\(up)")
        #expect(stack.processes() == [])
        try await stack.end()
    }

    @Test("a stack file that is wrong: exit 3, the place of every problem, nothing started")
    func wrongFile() async throws {
        let stack = try TrialStack("itwrong", "app:\n  run: 'true'\n  helth: /up\nbalancer:\n  https_port: many")
        defer { try? FileManager.default.removeItem(atPath: stack.folder) }
        let up = try await stack.tandem("up", "--detach")
        #expect(up.status == 3)
        #expect(up.errors.contains("tandem.yaml:4:3: error: "), "\(up)")
        #expect(up.errors.contains("tandem.yaml:6:15: error: "), "\(up)")
        #expect(!FileManager.default.fileExists(atPath: stack.stateFolder))
    }
}

/// Something that listens on an address.
final class Holder {
    private let descriptor: Int32

    init(address: String, port: Int) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var target = sockaddr_in()
        target.sin_family = sa_family_t(AF_INET)
        target.sin_port = in_port_t(UInt16(port)).bigEndian
        inet_pton(AF_INET, address, &target.sin_addr)
        let isBound = withUnsafePointer(to: &target) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
        try #require(isBound && listen(descriptor, 1) == 0)
    }

    func close() { _ = Glibc.close(descriptor) }
}

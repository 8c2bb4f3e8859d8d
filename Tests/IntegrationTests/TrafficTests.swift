import Foundation
import Testing

extension IntegrationTests {
    /// `TANDEM_TEST_LONG=1` makes it as hard as the machine allows.
    @Test("slow and idle clients starve nobody; large bodies, HTTP/2 and WebSockets pass through")
    func traffic() async throws {
        let isLong = ProcessInfo.processInfo.environment["TANDEM_TEST_LONG"] == "1"
        let stack = try TrialStack(
            "ittraffic",
            """
            balancer: {max_connections: 10000}
            web: {body_limit: 2gb}
            app:
              run: '/usr/bin/python3 \(Clients.path("trial.py"))'
              timeouts: {request: 2s}
            """)
        do {
            try await stack.succeed("up", "--detach")
            let status = try await stack.status()
            try await checkListeners(stack, status)
            try await checkNobodyElseIsServed(status)
            try await checkWebSocket(status)
            try await checkLargeBody(status, megabytes: isLong ? 1024 : 200)
            try await checkHTTP2(status)
            try await checkSlowClients(status, seconds: isLong ? 30 : 4, connections: isLong ? 2000 : 400)
            try await checkIdleClients(status, count: isLong ? 10_000 : 500, seconds: isLong ? 20 : 3)
            #expect(try await stack.status().state == "up")
            for host in try await stack.status().hosts {
                #expect(host.services.allSatisfy { $0.restarts == 0 }, "nothing had to be started again")
            }
        } catch {
            try await stack.end()
            throw error
        }
        try await stack.end()
    }

    /// Web servers believe what a balancer says of a client, so they serve nobody else.
    private func checkNobodyElseIsServed(_ status: Status) async throws {
        for port in [4443, 4444] {
            let url = "https://\(try status.host("server1").address):\(port)/"
            let answer = try await Curl.get(url, "-H", "X-Forwarded-For: 10.1.2.3")
            #expect(answer.status == 400 && answer.body.contains("No required SSL certificate"), "\(answer)")
        }
        let forged = try await Curl.get("\(status.url)/", "-H", "X-Forwarded-For: 10.1.2.3")
        #expect(forged.body == "127.0.0.1")
    }

    /// Silent for longer than a request may take.
    private func checkWebSocket(_ status: Status) async throws {
        struct Result: Decodable {
            var status: String
            var echoes: [String]
        }
        let result: Result = try await Clients.run("websocket", status, "4")
        #expect(result.status == "101" && result.echoes == ["one", "two"])
    }

    private func checkLargeBody(_ status: Status, megabytes: Int) async throws {
        let before = try memory(status)
        let bytes = megabytes << 20
        let outcome = try await Program.run(
            "/bin/bash",
            [
                "-c",
                #"head -c "$1" /dev/zero | curl -sSk --max-time 300 -H Expect: -H "Content-Length: $1" -X POST -T - "$2/""#,
                "bash", "\(bytes)", status.url,
            ])
        #expect(outcome.output == "\(bytes)", "\(outcome)")
        let growth = try memory(status) - before
        print("traffic: \(megabytes) MB uploaded, haproxy and nginx grew by \(growth >> 20) MB")
        #expect(growth < 64 << 20)
    }

    private func checkHTTP2(_ status: Status) async throws {
        let outcome = try await Program.run(
            "h2load", ["-n", "2000", "-c", "20", "-m", "20", "\(status.url)/"])
        #expect(outcome.output.contains("2000 succeeded, 0 failed, 0 errored, 0 timeout"), "\(outcome)")
        #expect(outcome.output.contains("Application protocol: h2"))
    }

    private func checkSlowClients(_ status: Status, seconds: Int, connections: Int) async throws {
        let before: Clients.Ordinary = try await Clients.run("ordinary", status, "3")
        print("traffic: nobody slow: \(before)")
        // Headers, bodies, ranges and answers, each as slowly as can be.
        for (name, mode) in [("headers", "-H"), ("bodies", "-B"), ("ranges", "-R"), ("reading", "-X")] {
            async let attack = Program.run(
                "slowhttptest",
                [
                    mode, "-c", "\(connections)", "-r", "200", "-i", "3", "-l", "\(seconds + 2)", "-p", "3", "-u",
                    "\(status.url)/",
                ])
            try await Task.sleep(for: .seconds(2))
            let during: Clients.Ordinary = try await Clients.run("ordinary", status, "\(seconds)")
            _ = try await attack
            print("traffic: slow \(name): \(during)")
            #expect(during.failed == 0 && during.answered > 0, "slow \(name): \(during)")
        }
    }

    private func checkIdleClients(_ status: Status, count: Int, seconds: Int) async throws {
        let result: Clients.Ordinary = try await Clients.run("idle", status, "\(count)", "\(seconds)")
        print("traffic: \(count) idle connections: \(result)")
        #expect(result.failed == 0 && result.answered > 0, "\(result)")
        #expect(result.idle == count && result.alive == count, "\(result)")
    }

    /// Resident bytes of all balancers and web servers.
    private func memory(_ status: Status) throws -> Int {
        let leaders = status.hosts.flatMap(\.services).filter { ["haproxy", "nginx"].contains($0.name) }
            .compactMap(\.pid)
        return try processGroups(leaders).reduce(0) { total, pid in
            let text = try String(contentsOfFile: "/proc/\(pid)/statm", encoding: .utf8)
            return total + (text.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0) * 4096
        }
    }
}

/// The scripts beside this file.
enum Clients {
    static func path(_ name: String) -> String {
        URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("Clients/\(name)").path
    }

    /// What clients met who did nothing special. Times in milliseconds.
    struct Ordinary: Decodable {
        var answered: Int
        var failed: Int
        var why: [String]
        var p50: Double?
        var p99: Double?
        var idle: Int?
        var alive: Int?
    }

    static func run<Result: Decodable>(_ kind: String, _ status: Status, _ arguments: String...) async throws -> Result
    {
        let port = try #require(URLComponents(string: status.url)?.port)
        let outcome = try await Program.run(
            "/usr/bin/python3", [path("clients.py"), kind, "\(port)"] + arguments)
        try #require(outcome.status == 0, "\(outcome)")
        return try JSONDecoder().decode(Result.self, from: Data(outcome.output.utf8))
    }
}

import Foundation
import Testing

/// Stacks share two cores and the front's default ports, so one at a time.
@Suite(.serialized, .timeLimit(.minutes(10)))
struct IntegrationTests {}

extension IntegrationTests {
    @Test("up serves, balances and replicates; down leaves nothing running; up finds the data; destroy leaves nothing")
    func mainJob() async throws {
        let stack = try TrialStack("itmain", "app:\n  run: '\(TrialStack.conduit)'")
        do {
            let up = try await stack.succeed("up", "--detach")
            #expect(up.output.isEmpty, "progress goes to the standard error")
            #expect(up.errors.contains("itmain is up: https://localhost:"))
            let status = try await stack.status()
            try checkIsUp(status)
            try await checkRequests(status)
            let slug = try await checkReplication(stack, status)
            try await checkRights(stack, status)
            try await PlainMySQL(
                stack: stack, environment: readEnvironment(of: try #require(status.service("app", on: "server1").pid))
            ).check()
            try await checkSecondUp(stack)

            try await stack.succeed("down")
            try await checkNothingRuns(stack, status)
            #expect(try await stack.tandem("status").status == 4)

            try await stack.succeed("up", "--detach")
            let again = try await stack.status()
            let article = try await Curl.get("\(again.url)/api/articles/\(slug)")
            #expect(article.status == 200, "the article is still there")

            try await stack.succeed("destroy", "--yes")
            try await checkNothingRuns(stack, status)
            #expect(!FileManager.default.fileExists(atPath: stack.stateFolder))
        } catch {
            try await stack.end()
            throw error
        }
        try await stack.end()
    }

    private func checkIsUp(_ status: Status) throws {
        #expect(status.state == "up")
        #expect(status.hosts.map(\.name) == ["lb1", "lb2", "server1", "server2"])
        let services = status.hosts.map { $0.services.map(\.name).sorted() }
        #expect(services[0] == ["etcd", "haproxy"] && services[1] == ["haproxy"])
        #expect(services[2] == ["app", "etcd", "mysql", "nginx", "router"] && services[3] == services[2])
        for host in status.hosts {
            #expect(host.agent.state == "up")
            #expect(sched_getscheduler(try #require(host.agent.pid)) == SCHED_OTHER, "agents interrupt services")
            for service in host.services {
                #expect(service.state == "running")
                let pid = try #require(service.pid)
                #expect(kill(pid, 0) == 0 || errno == EPERM, "\(service.name) runs as process \(pid)")
                #expect(sched_getscheduler(pid) == 3 /* SCHED_BATCH */, "\(service.name) is scheduled as services are")
            }
        }
        let database = try #require(status.database)
        #expect(Set([database.primary] + database.replicas.map(\.host)) == ["server1", "server2"])
        #expect(database.sync == "pair" && database.replicas.map(\.state) == ["streaming"])
    }

    private func checkRequests(_ status: Status) async throws {
        let articles = try await Curl.get("\(status.url)/api/articles")
        #expect(articles.status == 200)
        #expect(articles.headers["content-type"]?.hasPrefix("application/json") == true)
        #expect(articles.headers["x-request-id"]?.isEmpty == false)
        for option in ["--http1.1", "--http2"] {
            let tally = try await Curl.tally(
                header: "x-served-by", "\(status.url)/api/articles", count: 200, protocolOption: option)
            #expect(Set(tally.keys) == ["server1", "server2"])
            #expect(tally.values.allSatisfy { (98...102).contains($0) }, "\(option): \(tally)")
        }
        let plain = status.url.replacing("https:", with: "http:")
        let http = try await Program.run("curl", ["-sS", "-o", "/dev/null", "-w", "%{http_code}", plain])
        #expect(http.status != 0 || http.output == "400", "the HTTPS port speaks no plain HTTP")

        let page = try await Curl.get("\(status.url)/")
        #expect(page.status == 200 && page.body.contains("<html"))
        #expect(page.body.contains("lb1") || page.body.contains("lb2"), "the page says which balancer made it")
        #expect(page.body.contains("server1") || page.body.contains("server2"))
    }

    /// - Returns: the slug of an article that was posted through the front.
    private func checkReplication(_ stack: TrialStack, _ status: Status) async throws -> String {
        let title = "Written through the front \(UInt32.random(in: 0 ... .max))"
        let posted = try await Curl.post(
            "\(status.url)/api/articles",
            json: #"{"article":{"title":"\#(title)","description":"d","body":"b","tagList":["one","two"]}}"#)
        try #require(posted.status == 201, "\(posted)")
        struct Envelope: Decodable {
            struct Article: Decodable { var slug: String }
            var article: Article
        }
        let slug = try JSONDecoder().decode(Envelope.self, from: Data(posted.body.utf8)).article.slug
        // It was acknowledged, so server2 has it on disk; it may take a moment to apply it.
        for host in ["server1", "server2"] {
            var found = ""
            for _ in 0..<50 where found.isEmpty {
                found = try await stack.succeed(
                    "mysql", host, "--", "-N", "-e", "SELECT title FROM itmain.article WHERE slug = '\(slug)'"
                ).output
                if found.isEmpty { try await Task.sleep(for: .milliseconds(100)) }
            }
            #expect(found == "\(title)\n", "\(host) has the article")
        }
        return slug
    }

    private func checkRights(_ stack: TrialStack, _ status: Status) async throws {
        let app = try #require(try status.service("app", on: "server1").pid)
        let environment = try readEnvironment(of: app)
        let write = try #require(URLComponents(string: environment["DATABASE_URL"] ?? ""))
        let read = try #require(URLComponents(string: environment["DATABASE_READ_URL"] ?? ""))
        let database = try #require(status.database)
        let replica = try status.host(try #require(database.replicas.first?.host)).address
        let primary = try status.host(database.primary).address

        let onReplica = try await sql(write, replica, "DELETE FROM article")
        #expect(onReplica.status != 0 && onReplica.errors.contains("ERROR 1290"), "\(onReplica)")
        let asReader = try await sql(read, primary, "DELETE FROM article")
        #expect(asReader.status != 0 && asReader.errors.contains("ERROR 1142"), "\(asReader)")
        let elsewhere = try await sql(write, primary, "CREATE DATABASE other")
        #expect(elsewhere.status != 0 && elsewhere.errors.contains("ERROR 1044"), "\(elsewhere)")
        let plain = try await sql(write, primary, "SELECT 1", more: ["--ssl-mode=DISABLED"])
        #expect(plain.errors.contains("ERROR 3159"), "connections without TLS are refused, and told so: \(plain)")
        #expect(try await sql(read, replica, "SELECT COUNT(*) FROM article").status == 0)
    }

    private func sql(
        _ url: URLComponents, _ address: String, _ statement: String, more: [String] = ["--ssl-mode=REQUIRED"]
    ) async throws -> Program.Outcome {
        let client = (ProcessInfo.processInfo.environment["TANDEM_TEST_ENGINES"] ?? "") + "/bin/mysql"
        return try await Program.run(
            client,
            ["--no-defaults", "-h", address, "-u", url.user ?? "", "-D", String(url.path.dropFirst())] + more
                + ["-e", statement],
            environment: ["MYSQL_PWD": url.password ?? ""])
    }

    private func checkSecondUp(_ stack: TrialStack) async throws {
        let before = try await stack.status()
        let second = try await stack.succeed("up", "--detach")
        #expect(second.errors.contains("is up already"))
        let after = try await stack.status()
        #expect(after.hosts.flatMap(\.services).map(\.pid) == before.hosts.flatMap(\.services).map(\.pid))
    }
}

func readEnvironment(of pid: Int32) throws -> [String: String] {
    let data = try #require(FileManager.default.contents(atPath: "/proc/\(pid)/environ"))
    var environment: [String: String] = [:]
    for entry in data.split(separator: 0) {
        let text = String(decoding: entry, as: UTF8.self)
        guard let equals = text.firstIndex(of: "=") else { continue }
        environment[String(text[..<equals])] = String(text[text.index(after: equals)...])
    }
    return environment
}

func checkNothingRuns(_ stack: TrialStack, _ status: Status) async throws {
    #expect(stack.processes() == [])
    let addresses = Set(status.hosts.map { $0.address.split(separator: ".").dropLast().joined(separator: ".") + "." })
    for prefix in addresses { #expect(try listeners(addressPrefix: prefix) == []) }
    let port = try #require(URLComponents(string: status.url)?.port)
    #expect(try listeners(addressPrefix: "127.0.0.1").contains { $0.hasSuffix(":\(port)") } == false)
}

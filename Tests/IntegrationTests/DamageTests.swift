import Foundation
import Glibc
import Testing

extension IntegrationTests {
    @Test("what is killed comes back, one after the other: every service and agent; nothing acknowledged is lost")
    func killed() async throws {
        let stack = try TrialStack("itkilled", "app:\n  run: '\(TrialStack.conduit)'")
        do {
            try await stack.succeed("up", "--detach")
            let before = try await stack.status()
            var slugs: [String] = []
            for host in before.hosts {
                for service in host.services {
                    slugs.append(
                        try await Article.post("before the end of \(service.name) on \(host.name)", before.url))
                    try #require(kill(try #require(service.pid), SIGKILL) == 0)
                    let after = try await stack.waitUntilUp { status in
                        let now = try status.service(service.name, on: host.name)
                        return now.pid != service.pid && now.restarts == service.restarts + 1
                    }
                    #expect(after.url == before.url)
                }
            }
            for host in try await stack.status().hosts {
                let agent = try #require(host.agent.pid)
                try #require(kill(agent, SIGKILL) == 0)
                let after = try await stack.waitUntilUp { try $0.host(host.name).agent.pid != agent }
                #expect(try after.host(host.name).services.map(\.pid) == host.services.map(\.pid), "services go on")
                for service in host.services {
                    #expect(try after.service(service.name, on: host.name).since <= service.since, "it never stopped")
                }
            }
            for host in ["server1", "server2"] {
                let known = try await stack.succeed(
                    "mysql", host, "--", "-N", "-e", "SELECT slug FROM itkilled.article"
                ).output.split(separator: "\n")
                #expect(Set(slugs).subtracting(known.map(String.init)) == [], "\(host) has every article")
            }
        } catch {
            try await stack.end()
            throw error
        }
        try await stack.end()
    }

    @Test(
        "reads and writes go on while one database server hangs, whichever it is; what was acknowledged is on both after it"
    )
    func away() async throws {
        let stack = try TrialStack("itaway", "app:\n  run: '\(TrialStack.conduit)'")
        do {
            try await stack.succeed("up", "--detach")
            var slugs: [String] = []
            for host in ["server1", "server2", "server2"] {
                let status = try await stack.status()
                slugs.append(try await Article.post("before \(host) hangs, \(slugs.count)", status.url))
                // Frozen: noticed, and replaced after a moment.
                let server = try #require(try status.service("mysql", on: host).pid)
                try #require(kill(server, SIGSTOP) == 0)
                var good = 0
                for _ in 0..<20 {
                    if try await Curl.get("\(status.url)/api/articles").status == 200 { good += 1 }
                }
                #expect(good >= 18, "\(good) of 20 reads were answered")
                slugs.append(try await Article.post("while \(host) hangs, \(slugs.count)", status.url))
                _ = try await stack.waitUntilUp { status in
                    try status.service("mysql", on: host).pid != server && status.database?.sync == "pair"
                }
            }
            for host in ["server1", "server2"] {
                #expect(try await stack.missing(Set(slugs), on: host) == [], "\(host) has every article")
            }
        } catch {
            try await stack.end()
            throw error
        }
        try await stack.end()
    }

    @Test("up in the foreground shows the logs until it is told to stop, and then stops everything in order")
    func foreground() async throws {
        let stack = try TrialStack("itfront", "app:\n  run: '\(TrialStack.conduit)'")
        do {
            let up = Task { try await stack.tandem("up") }
            let status = try await stack.waitUntilUp { _ in true }
            #expect(try await Curl.get("\(status.url)/api/tags").status == 200)
            try await Task.sleep(for: .seconds(2))
            // Ends the command with SIGTERM, and waits for it.
            up.cancel()
            _ = await up.result
            try await checkNothingRuns(stack, status)
            let logs = try await stack.succeed("logs", "nginx")
            #expect(logs.output.contains("GET /api/tags"))
            #expect(try await stack.tandem("logs", "bogus").status == 2)
        } catch {
            try await stack.end()
            throw error
        }
        try await stack.end()
    }
}

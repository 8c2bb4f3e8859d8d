import Foundation
import Glibc
import Testing

/// `TANDEM_TEST_LONG` makes these do everything to every host, and the whole machine's death ten times.
private let isLong = ProcessInfo.processInfo.environment["TANDEM_TEST_LONG"]?.isEmpty == false

extension IntegrationTests {
    /// What is done to a process or its whole group.
    private enum Fault: String, CaseIterable {
        case kill
        case killGroup
        case freeze
        case freezeGroup

        func strike(_ pid: Int32) {
            switch self {
            case .kill: _ = Glibc.kill(pid, SIGKILL)
            case .killGroup: _ = Glibc.kill(-pid, SIGKILL)
            case .freeze: _ = Glibc.kill(pid, SIGSTOP)
            case .freezeGroup: _ = Glibc.kill(-pid, SIGSTOP)
            }
        }
    }

    private struct Blow: CustomStringConvertible {
        var fault: Fault
        /// nil: the keeper.
        var host: String?
        /// nil: the agent, or the keeper.
        var service: String?

        var description: String { "\(fault) \(service ?? (host == nil ? "keeper" : "agent")) \(host ?? "")" }

        func pid(_ status: Status) throws -> Int32? {
            guard let host else { return status.keeper.pid }
            guard let service else { return try status.host(host).agent.pid }
            return try status.service(service, on: host).pid
        }
    }

    private var blows: [Blow] {
        var blows: [Blow] = []
        // The kinds outermost: what dies often within a minute is started again more slowly.
        for fault in Fault.allCases {
            for host in isLong ? ["server1", "server2"] : ["server1"] {
                blows.append(Blow(fault: fault, host: host, service: "nginx"))
                if isLong || fault == .kill || fault == .freezeGroup {
                    blows.append(Blow(fault: fault, host: host, service: "router"))
                }
                if fault == .killGroup || fault == .freezeGroup {
                    blows.append(Blow(fault: fault, host: host, service: "app"))
                }
            }
            for host in isLong ? ["lb1", "lb2"] : ["lb1"] {
                if isLong || fault == .kill || fault == .freezeGroup {
                    blows.append(Blow(fault: fault, host: host, service: "haproxy"))
                }
            }
            if fault == .kill || fault == .freeze {
                blows.append(Blow(fault: fault, host: nil, service: nil))
                for host in isLong ? ["lb1", "lb2", "server1", "server2"] : ["lb1", "server1"] {
                    blows.append(Blow(fault: fault, host: host, service: nil))
                }
                blows.append(Blow(fault: fault, host: "server2", service: "mysql"))
            }
        }
        return blows
    }

    @Test("under constant reading, every process but the primary is killed and frozen: no request fails")
    func beaten() async throws {
        let stack = try TrialStack("itbeaten", "app:\n  run: '\(TrialStack.conduit)'")
        do {
            try await stack.succeed("up", "--detach")
            let url = try await stack.status().url
            let slug = try await Article.post("a page to read", url)
            // The load's visitors have written nothing themselves: to them the replica may be a moment behind.
            var inARow = 0
            for _ in 0..<600 where inARow < 20 {
                inARow = try await Curl.get("\(url)/api/articles/\(slug)").status == 200 ? inARow + 1 : 0
            }
            #expect(inARow == 20, "the article is on both servers")
            let load = Load(["\(url)/api/articles", "\(url)/api/articles/\(slug)", "\(url)/"])
            let tally = try await load.during { load in
                try await Task.sleep(for: .seconds(2))
                for blow in blows {
                    load.note("\(blow)")
                    let failedBefore = load.soFar.failed.count
                    let seconds = try await strike(blow, stack)
                    print("\(blow): again after \(seconds) s, \(load.soFar.failed.count - failedBefore) failed")
                    if isLong { #expect(seconds < 5, "\(blow)") }
                }
                try await Task.sleep(for: .seconds(1))
            }
            print("under load: \(tally)")
            #expect(tally.failed.isEmpty, "\(tally)")
            #expect(tally.answered > 500, "\(tally)")
        } catch {
            try await stack.end()
            throw error
        }
        try await stack.end()
    }

    /// - Returns: after how many seconds it was running again. Then waits until all is as before.
    private func strike(_ blow: Blow, _ stack: TrialStack) async throws -> Double {
        let before = try await stack.waitUntilUp { _ in true }
        let pid = try #require(try blow.pid(before))
        let start = ContinuousClock.now
        blow.fault.strike(pid)
        let after = try await stack.waitUntil("\(blow): a new process runs") { status in
            guard let now = try blow.pid(status), now != pid else { return false }
            guard let host = blow.host else { return status.keeper.state == "up" }
            guard let service = blow.service else { return try status.host(host).agent.state == "up" }
            return try status.service(service, on: host).state == "running"
        }
        let seconds = (ContinuousClock.now - start) / .seconds(1)
        #expect(after.url == before.url)
        // A new agent answers before it has taken up the last of its services: only then are their processes told.
        let whole = try await stack.waitUntilUp { _ in true }
        if blow.service == nil {
            // Whoever only looks after others may not disturb them when it dies.
            for host in before.hosts {
                #expect(try whole.host(host.name).services.map(\.pid) == host.services.map(\.pid), "\(blow)")
            }
        }
        return seconds
    }

    @Test(
        "everything is killed at once while articles are posted: up finds all that were acknowledged, on both servers")
    func powerCut() async throws {
        let stack = try TrialStack("itpower", "app:\n  run: '\(TrialStack.conduit)'")
        do {
            try await stack.succeed("up", "--detach")
            var acknowledged: Set<String> = []
            let rounds = isLong ? 10 : 2
            for round in 1...rounds {
                let url = try await stack.status().url
                acknowledged.formUnion(try await postUntilKilled(url, round, stack))
                let start = ContinuousClock.now
                try await stack.succeed("up", "--detach")
                print("round \(round): \(acknowledged.count) acknowledged; up after \(ContinuousClock.now - start)")
                for host in ["server1", "server2"] {
                    let lost = try await stack.missing(acknowledged, on: host)
                    #expect(lost.isEmpty, "round \(round): \(host) lacks \(lost)")
                }
            }
            #expect(acknowledged.count > rounds * 5)
        } catch {
            try await stack.end()
            throw error
        }
        try await stack.end()
    }

    /// - Returns: the slugs of the articles that were answered 201.
    private func postUntilKilled(_ url: String, _ round: Int, _ stack: TrialStack) async throws -> Set<String> {
        try await withThrowingTaskGroup(of: Set<String>.self) { group in
            for client in 0..<8 {
                group.addTask {
                    var slugs: Set<String> = []
                    var number = 0
                    while !Task.isCancelled {
                        number += 1
                        guard let slug = try? await Article.post("r\(round) c\(client) n\(number)", url) else { break }
                        slugs.insert(slug)
                    }
                    return slugs
                }
            }
            try await Task.sleep(for: .milliseconds(Int.random(in: 1500...2500)))
            #expect(stack.processes().count > 10)
            // Until nothing is left: whoever lives a moment longer begins to repair.
            while case let pids = stack.processes().compactMap({ Int32($0.prefix { $0 != " " }) }), !pids.isEmpty {
                for pid in pids { kill(pid, SIGKILL) }
            }
            group.cancelAll()
            return try await group.reduce(into: []) { $0.formUnion($1) }
        }
    }

    @Test("up finds the keeper and all agents killed while the services run: it takes everything over as it is")
    func takeover() async throws {
        let stack = try TrialStack("itover", "app:\n  run: '\(TrialStack.conduit)'")
        do {
            try await stack.succeed("up", "--detach")
            let before = try await stack.status()
            let keepers = [try #require(before.keeper.pid)] + before.hosts.compactMap(\.agent.pid)
            #expect(keepers.count == 5)
            for pid in keepers { #expect(kill(pid, SIGKILL) == 0) }
            #expect(try await Curl.get("\(before.url)/api/articles").status == 200, "it serves by itself")
            // The same moment, from three terminals: one does it, and the others see it done or say that it is being
            // done.
            try await withThrowingTaskGroup(of: Program.Outcome.self) { group in
                for _ in 0..<3 { group.addTask { try await stack.tandem("up", "--detach") } }
                var isUp = false
                for try await outcome in group {
                    #expect(outcome.status == 0 || outcome.errors.contains("is changing the stack"), "\(outcome)")
                    isUp = isUp || outcome.status == 0
                }
                #expect(isUp)
            }
            let after = try await stack.waitUntilUp { _ in true }
            if geteuid() == 0 {
                #expect(after.hosts.flatMap(\.services).map(\.pid) == before.hosts.flatMap(\.services).map(\.pid))
            }
            #expect(after.url == before.url)
            #expect(try await Curl.get("\(after.url)/api/articles").status == 200)

            // Told to stop in the very moment in which the keeper dies: nothing may bring it back.
            let keeper = try #require(after.keeper.pid)
            kill(keeper, SIGKILL)
            try await stack.succeed("down")
            try await Task.sleep(for: .seconds(2))
            try await checkNothingRuns(stack, after)
            #expect(try await stack.tandem("status").status == 4)
        } catch {
            try await stack.end()
            throw error
        }
        try await stack.end()
    }

    @Test("two stacks run side by side, each with its own addresses, front and data; ending one leaves the other alone")
    func sideBySide() async throws {
        let first = try TrialStack("itleft", "app:\n  run: '\(TrialStack.conduit)'")
        let second = try TrialStack("itright", "app:\n  run: '\(TrialStack.conduit)'")
        do {
            async let up: Program.Outcome = first.succeed("up", "--detach")
            async let alsoUp: Program.Outcome = second.succeed("up", "--detach")
            _ = try await (up, alsoUp)
            let left = try await first.status()
            let right = try await second.status()
            #expect(left.url != right.url)
            #expect(Set(left.hosts.map(\.address)).isDisjoint(with: right.hosts.map(\.address)))
            let slug = try await Article.post("only on the left", left.url)
            #expect(try await Curl.get("\(left.url)/api/articles/\(slug)").status == 200)
            #expect(try await Curl.get("\(right.url)/api/articles/\(slug)").status == 404)
            try await first.succeed("destroy", "--yes")
            try await checkNothingRuns(first, left)
            let still = try await second.status()
            #expect(still.state == "up")
            #expect(still.hosts.flatMap(\.services).map(\.pid) == right.hosts.flatMap(\.services).map(\.pid))
            #expect(try await Curl.get("\(right.url)/api/articles").status == 200)
        } catch {
            try await first.end()
            try await second.end()
            throw error
        }
        try await first.end()
        try await second.end()
    }
}

/// An article of the default stack's app.
enum Article {
    /// - Returns: the slug of the new article.
    static func post(_ title: String, _ url: String) async throws -> String {
        struct Envelope: Decodable {
            struct Article: Decodable { var slug: String }
            var article: Article
        }
        let answer = try await Curl.post(
            "\(url)/api/articles",
            json: #"{"article":{"title":"\#(title)","description":"d","body":"b","tagList":[]}}"#)
        guard answer.status == 201 else { throw Curl.NoAnswer(description: "\(answer)") }
        return try JSONDecoder().decode(Envelope.self, from: Data(answer.body.utf8)).article.slug
    }
}

extension TrialStack {
    struct NotReached: Error, CustomStringConvertible { var description: String }

    func waitUntil(
        _ what: String, bound: Duration = .seconds(90), _ condition: (Status) throws -> Bool
    ) async throws -> Status {
        let deadline = ContinuousClock.now + bound
        while ContinuousClock.now < deadline {
            if let status = try? await status(), try condition(status) { return status }
            try await Task.sleep(for: .milliseconds(100))
        }
        throw NotReached(description: "\(what): not within \(bound); \(try await tandem("status", "--format", "json"))")
    }

    func waitUntilUp(_ condition: (Status) throws -> Bool) async throws -> Status {
        try await waitUntil("the stack is up") { try $0.state == "up" && condition($0) }
    }

    /// Those articles that a host's database has not got, also after a moment to apply them.
    func missing(_ slugs: Set<String>, on host: String) async throws -> Set<String> {
        var missing = slugs
        for _ in 0..<50 where !missing.isEmpty {
            let known = try await succeed("mysql", host, "--", "-N", "-e", "SELECT slug FROM \(name).article").output
            missing = slugs.subtracting(known.split(separator: "\n").map(String.init))
            if !missing.isEmpty { try await Task.sleep(for: .milliseconds(100)) }
        }
        return missing
    }
}

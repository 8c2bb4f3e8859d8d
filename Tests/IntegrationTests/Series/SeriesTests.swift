import Foundation
import Glibc
import Testing

@testable import TandemAgent

private let seriesTimes = ProcessInfo.processInfo.environment["TANDEM_TEST_SERIES"].flatMap { Int($0) }

/// What is promised of the database, again and again under a load of more than 200 writes a second:
/// `TANDEM_TEST_SERIES=30 bin/test --filter SeriesTests` does each of the first thirty times, which takes about an
/// hour.
@Suite(.serialized, .timeLimit(.minutes(240)), .enabled(if: seriesTimes != nil, "long; TANDEM_TEST_SERIES=30"))
struct SeriesTests {
    private static let pair = ["server1", "server2"]
    /// Eight clients so make 250 to 300 transfers a second.
    private static let pause = Duration.milliseconds(30)

    enum Fault: String, CaseIterable, Sendable {
        case killServer = "kill"
        case killHost = "host"
        case freezeServer = "freeze"
        case freezeAgent = "agent"

        /// All, or those that `TANDEM_TEST_FAULTS` names, such as "agent kill".
        static var chosen: [Fault] {
            guard let words = ProcessInfo.processInfo.environment["TANDEM_TEST_FAULTS"] else { return allCases }
            return words.split(separator: " ").compactMap { Fault(rawValue: String($0)) }
        }
    }

    @Test(
        "whatever happens to the primary, one server at a time acknowledges, nothing acknowledged is lost, and both have the same in the end",
        arguments: Fault.chosen)
    func struck(_ fault: Fault) async throws {
        try await withStack("itseries\(fault.rawValue)") { stack in
            try await withBank(stack, on: Self.pair) { bank, rivals in
                try await bank.during {
                    try await rivals.during {
                        for _ in 0..<(seriesTimes ?? 1) {
                            let primary = try #require(try await whole(stack).database?.primary)
                            try await Task.sleep(for: .seconds(2))
                            try await strike(fault, try await stack.status().host(primary))
                        }
                        _ = try await whole(stack)
                        try await Task.sleep(for: .seconds(2))
                    }
                }
            }
        }
    }

    private func strike(_ fault: Fault, _ host: Status.HostState) async throws {
        let server = try #require(host.services.first { $0.name == "mysql" }?.pid)
        switch fault {
        case .killServer: kill(server, SIGKILL)
        case .killHost: host.kill()
        case .freezeServer: await freeze(server)
        case .freezeAgent: await freeze(try #require(host.agent.pid))
        }
        // Until somebody has noticed.
        try await Task.sleep(for: .seconds(3))
    }

    @Test(
        "writes go on and roles stay while etcd is away altogether, and while members of it die, its leader among them, or lose their data"
    )
    func etcd() async throws {
        try await withStack("itseriesetcd") { stack in
            let first = try await whole(stack)
            let voters = first.hosts.filter { host in host.services.contains { $0.name == "etcd" } }
            try await withBank(stack, on: Self.pair) { bank, _ in
                try await bank.during {
                    let urls = ["\(first.url)/api/articles"]
                    let load = try await Load(urls, pause: .milliseconds(20)).during(clients: 4) { _ in
                        try await away(voters, stack, bank)
                        try await struck(voters, stack)
                    }
                    print("etcd: \(load)")
                    #expect(load.failed.isEmpty, "\(load)")
                }
                #expect(bank.sum.unknown == 0)
            }
            let last = try await whole(stack)
            #expect(last.database?.primary == first.database?.primary && last.database?.epoch == first.database?.epoch)
        }
    }

    /// None of it runs for half a minute: somebody else has its ports.
    private func away(_ voters: [Status.HostState], _ stack: TrialStack, _ bank: Bank) async throws {
        var sockets: [Int32] = []
        defer { for socket in sockets { close(socket) } }
        for host in voters {
            sockets.append(
                try await taken(2379, host.address) {
                    let server = try await stack.status().service("etcd", on: host.name)
                    if let pid = server.pid { kill(pid, SIGKILL) }
                })
        }
        let before = bank.sum
        try await Task.sleep(for: .seconds(30))
        let after = bank.sum
        let status = try await stack.status()
        print("etcd: away for 30 s, \(after.acknowledged - before.acknowledged) transfers meanwhile")
        #expect(after.acknowledged - before.acknowledged > 30 * 100 && after.refused == before.refused)
        for host in voters { #expect(try status.service("etcd", on: host.name).state != "running") }
    }

    private func taken(_ port: Int, _ address: String, _ end: () async throws -> Void) async throws -> Int32 {
        for _ in 0..<200 {
            try await end()
            for _ in 0..<20 {
                if let socket = try? ListenerCheck.bindListener(address: address, port: port) { return socket }
                usleep(1_000)
            }
        }
        throw TrialStack.NotReached(description: "\(address):\(port) was never free")
    }

    private func struck(_ voters: [Status.HostState], _ stack: TrialStack) async throws {
        _ = try await whole(stack)
        let store = Store(stack: stack)
        let leader = try await store.leader(by: voters[0].name)
        let follower = try #require(voters.map(\.name).first { $0 != leader })
        for host in [follower, leader] {
            let pid = try #require(try await stack.status().service("etcd", on: host).pid)
            kill(pid, SIGKILL)
            try await Task.sleep(for: .seconds(3))
            _ = try await whole(stack)
        }
        let before = try await store.members(by: leader)[follower]
        let pid = try #require(try await stack.status().service("etcd", on: follower).pid)
        try FileManager.default.removeItem(atPath: "\(stack.stateFolder)/hosts/\(follower)/data/etcd")
        kill(pid, SIGKILL)
        var now: UInt64?
        for _ in 0..<120 {
            let members = try await store.members(by: leader)
            now = members[follower]
            if members.count == voters.count, now != before { break }
            try await Task.sleep(for: .seconds(1))
        }
        #expect(now != nil && now != before, "its member was replaced")
        try await store.check(voters.map(\.name), has: nil)
    }

    @Test(
        "both servers are killed at once: whoever comes back first, the stack has all that was acknowledged",
        arguments: ["both", "primary", "partner"])
    func outage(_ first: String) async throws {
        try await withStack("itseriesout") { stack in
            try await withBank(stack, on: Self.pair, isEverTaken: first == "both") { bank, rivals in
                try await bank.during {
                    try await rivals.during {
                        for _ in 0..<min(5, seriesTimes ?? 1) {
                            let primary = try #require(try await whole(stack).database?.primary)
                            try await Task.sleep(for: .seconds(2))
                            let partner = primary == Self.pair[0] ? Self.pair[1] : Self.pair[0]
                            if first == "both" {
                                let status = try await stack.status()
                                for host in Self.pair {
                                    kill(try #require(try status.service("mysql", on: host).pid), SIGKILL)
                                }
                                try await Task.sleep(for: .seconds(3))
                                continue
                            }
                            let order = first == "primary" ? [primary, partner] : [partner, primary]
                            try await stack.switchOff([primary, partner])
                            try await Task.sleep(for: .seconds(5))
                            try stack.switchOn(order[0])
                            try await Task.sleep(for: .seconds(20))
                            try stack.switchOn(order[1])
                        }
                        _ = try await whole(stack)
                        try await Task.sleep(for: .seconds(2))
                    }
                }
            }
        }
    }

    @Test("fifty changes of primary, restarts of its server and other settings, as planned under load, fail nothing")
    func planned() async throws {
        try await withStack("itseriesplan") { stack in
            try await withBank(stack, on: Self.pair) { bank, _ in
                try await bank.during {
                    let status = try await whole(stack)
                    let load = try await Load(["\(status.url)/api/articles"], pause: .milliseconds(20)).during(
                        clients: 4
                    ) { load in
                        load.note("switchover")
                        for _ in 0..<max(2, (seriesTimes ?? 1) * 5 / 3) {
                            try await stack.succeed("switchover")
                            _ = try await whole(stack)
                        }
                        for round in 1...max(2, (seriesTimes ?? 1) / 6) {
                            load.note("restart mysql")
                            try await stack.succeed("restart", "mysql")
                            _ = try await whole(stack)
                            load.note("another setting")
                            try stack.write(Self.app + "\ndatabase: {settings: {max_connections: \(300 + round)}}")
                            try await stack.succeed("up", "--detach")
                            _ = try await whole(stack)
                        }
                        load.note("other engines")
                        try await stack.succeed("up", "--detach", environment: ["TANDEM_ENGINES": try engines(stack)])
                        _ = try await whole(stack)
                    }
                    print("planned: \(load)")
                    #expect(load.failed.isEmpty, "\(load)")
                }
                #expect(bank.sum.unknown == 0, "a planned change cuts no write")
            }
        }
    }

    /// The same programs at another place, which to a stack is what `tandem engines update` brings.
    private func engines(_ stack: TrialStack) throws -> String {
        let store = try #require(TrialStack.engineStore)
        let copy = Process()
        copy.executableURL = URL(filePath: "/bin/cp")
        copy.arguments = ["--archive", store, "\(stack.folder)/engines"]
        try copy.run()
        copy.waitUntilExit()
        try #require(copy.terminationStatus == 0)
        return "\(stack.folder)/engines"
    }

    @Test(
        "of three servers two die one after the other, and come back in either order",
        arguments: [[0, 1], [1, 0]])
    func three(_ order: [Int]) async throws {
        let hosts = ["server1", "server2", "server3"]
        let yaml =
            Self.app + "\nhosts:\n  lb1: {roles: [balancer]}\n  lb2: {roles: [balancer]}\n"
            + hosts.map { "  \($0): {roles: [web, app, database]}\n" }.joined()
        try await withStack("itseriesthree", yaml) { stack in
            try await withBank(stack, on: hosts) { bank, rivals in
                try await bank.during {
                    try await rivals.during {
                        for _ in 0..<min(3, seriesTimes ?? 1) {
                            var gone: [String] = []
                            for _ in 0..<2 {
                                let last = gone
                                let status = try await stack.waitUntil("somebody leads", bound: .seconds(120)) {
                                    guard let primary = $0.database?.primary else { return false }
                                    return !last.contains(primary) && $0.database?.sync == "pair"
                                }
                                try await Task.sleep(for: .seconds(2))
                                let primary = try #require(status.database?.primary)
                                try await stack.switchOff([primary])
                                gone.append(primary)
                            }
                            let both = gone
                            _ = try await stack.waitUntil("the last one leads alone", bound: .seconds(120)) {
                                $0.database.map { !both.contains($0.primary) && $0.sync == "solo" } ?? false
                            }
                            try await Task.sleep(for: .seconds(5))
                            for place in order {
                                try stack.switchOn(gone[place])
                                try await Task.sleep(for: .seconds(10))
                            }
                            _ = try await whole(stack)
                        }
                        try await Task.sleep(for: .seconds(2))
                    }
                }
            }
        }
    }

    // MARK: -

    private static let app = "app:\n  run: '\(TrialStack.conduit)'"

    private func withStack(
        _ name: String, _ yaml: String = SeriesTests.app, _ body: (TrialStack) async throws -> Void
    ) async throws {
        let stack = try TrialStack(name, yaml)
        do {
            try await stack.succeed("up", "--detach")
            try await body(stack)
        } catch {
            // What is needed to find out why goes with the stack.
            let copy = Process()
            copy.executableURL = URL(filePath: "/bin/sh")
            let logs = "'\(stack.stateFolder)'/hosts/*/log/agent.log"
            copy.arguments = ["-c", "for f in \(logs); do echo \"== $f\"; tail -n 400 \"$f\"; done"]
            try? copy.run()
            copy.waitUntilExit()
            try await stack.end()
            throw error
        }
        try await stack.end()
    }

    private func withBank(
        _ stack: TrialStack, on hosts: [String], isEverTaken: Bool = true, _ body: (Bank, Rivals) async throws -> Void
    ) async throws {
        let branches = try await hosts.asyncMap { try await stack.branch(on: $0) }
        let bank = Bank(branches: branches, pause: Self.pause)
        let rivals = Rivals(branches)
        try await bank.open()
        let start = ContinuousClock.now
        do {
            try await body(bank, rivals)
        } catch {
            try? await bank.close()
            throw error
        }
        let seconds = (ContinuousClock.now - start) / .seconds(1)
        print("\(stack.name): \(Int(Double(bank.sum.acknowledged) / seconds)) transfers a second")
        _ = try await whole(stack)
        try await bank.audit(stack, isEverTaken: isEverTaken)
        if rivals.hasRun { try await rivals.audit(stack, on: hosts) }
        try await bank.close()
    }

    /// All runs, the primary has a partner, and every other server follows.
    private func whole(_ stack: TrialStack) async throws -> Status {
        try await stack.waitUntil("all is whole", bound: .seconds(240)) {
            $0.state == "up" && $0.database?.sync == "pair"
        }
    }
}

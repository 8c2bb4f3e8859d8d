import Foundation
import Glibc
import StackFuzz
import Testing

/// A bank under faults: `TANDEM_TEST_BANK=20 bin/test --filter bank` for 20 minutes, `TANDEM_SEED` repeats the order of
/// the faults.
@Suite(.serialized, .timeLimit(.minutes(90)))
struct BankTests {
    private static var minutes: Double? {
        ProcessInfo.processInfo.environment["TANDEM_TEST_BANK"].flatMap { Double($0) }
    }

    @Test(
        "eight clients move money under faults: no total is ever wrong, no acknowledged transfer is missing or there twice",
        .enabled(if: minutes != nil, "long; TANDEM_TEST_BANK=20 runs it for 20 minutes"))
    func bank() async throws {
        let minutes = try #require(Self.minutes)
        let seed = SeededRandom.seedOfThisRun
        print("bank: TANDEM_SEED=\(seed)")
        let stack = try TrialStack("itbank", "app:\n  run: '\(TrialStack.conduit)'")
        do {
            try await stack.succeed("up", "--detach")
            let branches = try await ["server1", "server2"].asyncMap { try await stack.branch(on: $0) }
            let bank = Bank(branches: branches)
            try await bank.open()
            var robber = Robber(stack: stack, random: SeededRandom(seed: seed))
            try await bank.during {
                let end = ContinuousClock.now + .seconds(60 * minutes)
                while ContinuousClock.now < end { try await robber.strike() }
            }
            print("bank: \(robber.strikes)")
            _ = try await stack.waitUntilUp { $0.database?.sync == "pair" }
            try await bank.audit(stack)
            try await bank.close()
        } catch {
            try await stack.end()
            throw error
        }
        try await stack.end()
    }
}

/// Breaks one thing after the other, each once the stack is whole.
private struct Robber {
    let stack: TrialStack
    var random: SeededRandom
    var strikes: [String: Int] = [:]

    private enum Kind: String, CaseIterable {
        case killServer, freezeServer, killHost, freezeAgent, switchover, restart
    }

    mutating func strike() async throws {
        let status = try await stack.waitUntilUp { $0.database?.sync == "pair" }
        try await Task.sleep(for: .milliseconds(Int.random(in: 0...4_000, using: &random)))
        let kind = Kind.allCases.randomElement(using: &random) ?? .killServer
        let primary = try #require(status.database?.primary)
        // The primary more often than its partner.
        let host = Int.random(in: 0..<4, using: &random) > 0 ? primary : primary == "server1" ? "server2" : "server1"
        let now = try await stack.status().host(host)
        let server = try #require(now.services.first { $0.name == "mysql" }?.pid)
        strikes["\(kind.rawValue) \(host == primary ? "primary" : "partner")", default: 0] += 1
        switch kind {
        case .killServer: kill(server, SIGKILL)
        case .killHost: now.kill()
        case .freezeServer: await freeze(server)
        case .freezeAgent: await freeze(try #require(now.agent.pid))
        case .switchover: try await stack.succeed("switchover")
        case .restart: try await stack.succeed("restart", "mysql", host)
        }
    }
}

extension Status.HostState {
    /// All its processes at once.
    func kill() {
        for pid in services.compactMap(\.pid) + [agent.pid].compactMap(\.self) { Glibc.kill(pid, SIGKILL) }
    }
}

/// For ten seconds, unless it ends before.
func freeze(_ pid: Int32) async {
    kill(pid, SIGSTOP)
    try? await Task.sleep(for: .seconds(10))
    kill(pid, SIGCONT)
}

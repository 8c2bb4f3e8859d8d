import EtcdTestServer
import Foundation
import TandemCoordination
import TandemFailover
import TandemFailoverDriver
import Testing

/// Real servers, a real etcd and clients that write all the while. `TANDEM_TEST_DRILLS=30` strikes so many times, and prints how long
/// writes were not accepted.
@Suite(
    "A pair under load", .serialized, .timeLimit(.minutes(30)),
    .enabled(if: ProcessInfo.processInfo.environment["TANDEM_TEST_DRILLS"] != nil))
struct DrillTests {
    private static let strikes =
        ProcessInfo.processInfo.environment["TANDEM_TEST_DRILLS"].flatMap { Int($0) } ?? 1

    /// Strikes the primary of a healthy pair, waits until writes are accepted again and the pair is whole, and looks whether a
    /// write was lost.
    private func drill(
        _ fault: String, _ strike: (DrillStack, DrillHost) async throws -> Void
    ) async throws {
        try await DrillStack.with { stack in
            var times: [Duration] = []
            for _ in 0..<Self.strikes {
                let primary = try await stack.waitForPair()
                try await stack.startClients()
                let moment = ContinuousClock.now
                try await strike(stack, primary)
                times.append(try await stack.waitForWrites(after: moment))
                try await stack.check()
            }
            let sorted = times.sorted()
            print(
                "drill: \(fault): writes again after \(sorted[sorted.count / 2]), at worst \(sorted[sorted.count - 1])")
        }
    }

    @Test("is founded, accepts writes again after kill -9 of the primary's mysqld, and loses none")
    func killServer() async throws {
        try await drill("mysqld killed") { _, primary in primary.signalServer(SIGKILL) }
    }

    @Test("accepts writes again after the primary's mysqld was frozen, and loses none")
    func freezeServer() async throws {
        try await drill("mysqld frozen") { _, primary in primary.signalServer(SIGSTOP) }
    }

    @Test("goes on without etcd, and is the same pair when that is back")
    func stopStore() async throws {
        try await DrillStack.with { stack in
            let primary = try await stack.waitForPair()
            let record = try #require(await primary.report?.record)
            try await stack.startClients()
            stack.etcd.members[0].kill()
            let begin = ContinuousClock.now
            // Longer than the lease, and than all patience with etcd.
            try await Task.sleep(for: .seconds(7))
            let end = ContinuousClock.now
            try stack.etcd.members[0].start()
            #expect(stack.ledger.count(.unknown, since: begin) + stack.ledger.count(.refused, since: begin) == 0)
            print(
                "drill: etcd gone: longest time without an acknowledgement \(stack.ledger.longestGap(since: begin, until: end))"
            )
            try await stack.check()
            #expect(await primary.report?.record?.primary == record.primary)
            #expect(await primary.report?.epoch == record.epoch)
        }
    }

    @Test("changes its primary as an operator asks, and cuts only the writes that were on their way")
    func switchover() async throws {
        try await DrillStack.with { stack in
            let primary = try await stack.waitForPair()
            let partner = stack.other(than: primary)
            try await stack.startClients(4)
            let moment = ContinuousClock.now
            _ = try await primary.store?.order(SwitchoverIntent(id: 0, to: partner.id, pauseBudget: 3_000))
            try await eventually("the partner takes writes") { await partner.report?.takesWrites == true }
            print("drill: switchover: writes again after \(try await stack.waitForWrites(after: moment))")
            try await stack.check()
            // Each client has one write on its way at most, and may try the old primary once more.
            #expect(stack.ledger.count(.unknown, since: moment) <= 8)
            let change = try #require(await partner.report?.change)
            #expect(change.reason == .switchover && change.opened != nil)
            let store = try #require(await partner.store)
            try await eventually("the history is complete") {
                try await store.history(of: change.epoch)?.details?.opened != nil
            }
            #expect(try await store.history(of: change.epoch)?.details?.executed?.isEmpty == false)
        }
    }

    @Test("takes the old primary in again that has transactions nobody acknowledged, exported and cut")
    func returnsWithTail() async throws {
        try await DrillStack.with { stack in
            let primary = try await stack.waitForPair()
            let partner = stack.other(than: primary)
            try await stack.startClients()
            // Commits wait for the partner, which cannot answer: they are logged, and nobody is told of them.
            partner.signalServer(SIGSTOP)
            try await Task.sleep(for: .milliseconds(300))
            primary.signalServer(SIGKILL)
            try await Task.sleep(for: .milliseconds(50))
            partner.signalServer(SIGCONT)
            let moment = ContinuousClock.now
            _ = try await stack.waitForWrites(after: moment)
            try await stack.check()
            if try await stack.primary() === partner { #expect(!primary.exportedFiles.isEmpty) }
        }
    }

    @Test("goes on while its agents end and begin anew: they take their servers over, and no write is lost")
    func restartDrivers() async throws {
        try await DrillStack.with { stack in
            let primary = try await stack.waitForPair()
            let epoch = try #require(await primary.report?.epoch)
            try await stack.startClients()
            for host in [primary, stack.other(than: primary)] {
                let before = try #require(host.serverIdentity)
                await host.stopDriver()
                try await host.start()
                try await stack.waitForPair()
                #expect(host.serverIdentity == before)
            }
            try await stack.check()
            #expect(await primary.report?.epoch == epoch)
        }
    }
}

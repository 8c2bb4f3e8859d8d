import EtcdTestServer
import Foundation
import TandemCoordination
import TandemFailover
import TandemFailoverDriver
import Testing

/// Real servers, a real etcd and clients that write all the while. `TANDEM_TEST_DRILLS=30` strikes so many times, and
/// prints how long writes were not accepted.
@Suite(
    "A pair under load", .serialized, .timeLimit(.minutes(30)),
    .enabled(if: ProcessInfo.processInfo.environment["TANDEM_TEST_DRILLS"] != nil))
struct DrillTests {
    private static let strikes =
        ProcessInfo.processInfo.environment["TANDEM_TEST_DRILLS"].flatMap { Int($0) } ?? 1

    /// Strikes the primary of a healthy pair, waits until writes are accepted again and the pair is whole, and looks
    /// whether a write was lost.
    private func drill(
        _ fault: String, times: Int = strikes, _ strike: (DrillStack, DrillHost) async throws -> Void
    ) async throws {
        try await DrillStack.with { stack in
            var figures = DrillFigures()
            for _ in 0..<times {
                figures.strikes.append(try await stack.strike { try await strike(stack, $0) })
                try await stack.check()
            }
            print(figures.text(fault))
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

    @Test("stalls for a moment when the partner's mysqld is killed, goes on alone, and is a pair again")
    func killPartner() async throws {
        try await drill("the partner's mysqld killed") { stack, primary in
            stack.other(than: primary).signalServer(SIGKILL)
        }
    }

    @Test("accepts writes again after the primary's whole host was killed, which returns and joins")
    func killHost() async throws {
        try await drill("host killed") { stack, primary in
            let struck = ContinuousClock.now
            await primary.crash()
            _ = try await stack.waitForWrites(after: struck)
            try await primary.start()
        }
    }

    @Test("comes back after both hosts were killed at once, whichever is started first", arguments: [true, false])
    func killBoth(primaryFirst: Bool) async throws {
        try await drill("both killed, the \(primaryFirst ? "primary" : "partner") first") { stack, primary in
            let partner = stack.other(than: primary)
            async let one: Void = primary.crash()
            async let other: Void = partner.crash()
            _ = await (one, other)
            let order = primaryFirst ? [primary, partner] : [partner, primary]
            try await order[0].start()
            try await Task.sleep(for: .seconds(1))
            try await order[1].start()
        }
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
            var figures = DrillFigures()
            // There and back.
            for _ in 0..<2 * Self.strikes {
                let primary = try await stack.waitForPair()
                let partner = stack.other(than: primary)
                let moment = ContinuousClock.now
                let strike = try await stack.strike { try await stack.switchOver(from: $0) }
                figures.strikes.append(strike)
                try await stack.check()
                // Each client has one write on its way at most, and may try the old primary once more.
                #expect(stack.ledger.count(.unknown, since: moment) <= 12)
                #expect(strike.change?.reason == .switchover && strike.change?.opened != nil)
                let epoch = try #require(strike.change?.epoch)
                let store = try #require(await partner.store)
                try await eventually("the history is complete") {
                    try await store.history(of: epoch)?.details?.opened != nil
                }
                #expect(try await store.history(of: epoch)?.details?.executed?.isEmpty == false)
            }
            print(figures.text("switchover"))
        }
    }

    @Test("takes the old primary in again that has transactions nobody acknowledged, exported and cut")
    func returnsWithTail() async throws {
        try await DrillStack.with { stack in
            let primary = try await stack.waitForPair()
            let partner = stack.other(than: primary)
            try await stack.startClients()
            // Commits wait for the partner, which is down: they are logged, and nobody is told of them.
            partner.signalServer(SIGKILL)
            try await Task.sleep(for: .milliseconds(300))
            await primary.crash()
            _ = try await stack.waitForWrites(after: .now)
            #expect(try await stack.primary() === partner)
            try await primary.start()
            try await stack.check()
            #expect(!primary.exportedFiles.isEmpty)
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

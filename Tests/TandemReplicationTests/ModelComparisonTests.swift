import Foundation
import MySQLConnector
import MySQLTestServer
import TandemFailover
import Testing

@testable import TandemReplication

/// The simulator says what the protocol is worth only as far as its servers do what MySQL's do.
@Suite("The simulator's servers and real ones")
struct ModelComparisonTests {
    /// `TANDEM_TEST_STATEMENTS=2000` makes another sequence each time, as long as that, and `TANDEM_TEST_SEED` replays
    /// it. The short form is always the same one.
    @Test("look the same after any sequence of statements, commits and crashes", .timeLimit(.minutes(60)))
    func compare() async throws {
        let environment = ProcessInfo.processInfo.environment
        let long = environment["TANDEM_TEST_STATEMENTS"].flatMap { Int($0) }
        let given = environment["TANDEM_TEST_SEED"].flatMap { UInt64($0) }
        let seed = given ?? (long == nil ? 3 : .random(in: 1...999_999))
        let count = long ?? 60
        print("servers side by side: \(count) statements with seed \(seed)")
        let pair = try await ServerPair(network: "127.200.4")
        defer { pair.end() }
        var sides = try await Sides(pair)
        var random = Numbers(seed: seed)
        for step in 1...count {
            guard let statement = sides.draw(&random) else { continue }
            try await sides.run(statement)
            guard let difference = try await sides.difference() else { continue }
            Issue.record(
                """
                seed \(seed), step \(step): after \(statement) \(difference)
                before it: \(sides.story.suffix(14).joined(separator: "; "))
                """)
            return
        }
        await sides.end()
    }
}

private struct Numbers {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func below(_ bound: Int) -> Int {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return Int(truncatingIfNeeded: (state >> 33) % UInt64(bound))
    }
}

private enum Statement: CustomStringConvertible {
    case command(Int, ServerCommand)
    case write(Int)
    case beat(Int)
    case restart(Int)

    var description: String {
        switch self {
        case .command(let host, let command): "\(command) at \(host + 1)"
        case .write(let host): "a client's write at \(host + 1)"
        case .beat(let host): "a heartbeat at \(host + 1)"
        case .restart(let host): "SIGKILL and a start at \(host + 1)"
        }
    }
}

/// Two real servers and two of the simulator's, which are told the same.
private struct Sides {
    let pair: ServerPair
    var hands: [DatabaseServer]
    var model: ModelServers
    /// How many transactions each real server had at the beginning.
    var baseline: [UInt64] = []
    var story: [String] = []
    private var rows = 0

    init(_ pair: ServerPair) async throws {
        self.pair = pair
        hands = [pair.hand(0), pair.hand(1)]
        try await pair.lead(hands[0], hands[1])
        try pair.servers[0].sql("CREATE TABLE shop.t (id INT PRIMARY KEY)")
        try await look(hands[1], "both have the same") { $0.hasAppliedAll && $0.isCloseBehind }
        try await hands[1].run(.stopReceiver)
        try await hands[1].run(.stopApplier)
        try await hands[1].run(.forgetSource)
        try await pair.restart()
        var admitted: [HostSet] = []
        for hand in hands {
            admitted.append(await hand.look().admitted)
            baseline.append(try await hand.gtids().executed.count)
        }
        model = ModelServers(admitted: admitted)
        try #require(baseline[0] == baseline[1])
    }

    func end() async { for hand in hands { await hand.disconnect() } }

    /// A statement that agents may come to send. nil: what was drawn is none.
    func draw(_ random: inout Numbers) -> Statement? {
        let host = random.below(2)
        let seen = model.observe(host)
        switch random.below(20) {
        case 0...3:
            let access = [ServerObservation.Access.closed, .reading, .guarded, .writing, .writing][random.below(5)]
            return .command(host, .setAccess(access))
        case 4, 5:
            let isOn = random.below(2) == 0
            // An applier that waits for an acknowledgement cannot be stopped: agents switch the side off first.
            if isOn, seen.isApplierOn || seen.source != nil { return nil }
            return .command(host, .setSourceSide(isOn))
        case 6:
            guard random.below(3) > 0 else { return .command(host, .setDurability(random.below(2) == 0)) }
            return .command(host, .setReplicaSide(random.below(3) > 0))
        case 7, 8:
            guard model.fits(host, after: 1 - host), !model.waits(host) else { return nil }
            return .command(host, .startReceiver(from: HostID(1 - host), epoch: 1))
        case 9: return .command(host, .stopReceiver)
        case 10:
            guard seen.source != nil, !seen.isSourceSideOn else { return nil }
            return .command(host, .startApplier)
        case 11: return .command(host, [.stopApplier, .forgetSource, .discardRelayLog, .killSessions][random.below(4)])
        case 12: return .command(host, .admit([HostSet(), HostSet(HostID(1 - host))][random.below(2)]))
        case 13: return .command(host, .closeRemotely(HostID(1 - host)))
        // Agents stop the receiver of a server before it commits: it would have what its source lacks.
        case 14...18 where seen.receiver != .off || !model.mayCommit(host): return nil
        case 14...16: return .write(host)
        case 17, 18: return model.isBeatWaiting(host) ? nil : .beat(host)
        default: return .restart(host)
        }
    }

    mutating func run(_ statement: Statement) async throws {
        story.append("\(statement)")
        switch statement {
        case .command(let host, let command):
            if command == .killSessions { hands[host] = pair.hand(host) }
            // Whether it failed shows in what there is afterwards.
            try? await hands[host].run(command)
            model.run(command, host)
        case .write(let host):
            rows += 1
            let client = pair.servers[host].configuration("shop", secrets.app, database: "shop")
            let sql = "INSERT INTO t VALUES (\(rows))"
            let server = pair.servers[host]
            Task { try await server.with(client) { _ = try await $0.execute(sql) } }
            model.clientWrites(host)
        case .beat(let host):
            let hand = hands[host]
            Task { try await hand.heartbeat(epoch: 1) }
            model.beat(host)
        case .restart(let host):
            pair.servers[host].kill()
            try await pair.servers[host].startAgain()
            model.restart(host)
        }
    }

    /// nil once both are the same; they have some time for it, and must stay so for a moment.
    func difference() async throws -> String? {
        let deadline = ContinuousClock.now + .seconds(30)
        var isSecond = false
        while true {
            let found = try await compareOnce()
            if found == nil, isSecond { return nil }
            isSecond = found == nil
            if let found, ContinuousClock.now > deadline { return found }
            try await Task.sleep(for: .milliseconds(isSecond ? 150 : 50))
        }
    }

    private func compareOnce() async throws -> String? {
        for host in 0..<2 {
            let real = await hands[host].look()
            let modelled = model.observe(host)
            let parts: [(String, String, String)] = [
                ("answer", "\(real.answer)", "up"),
                ("access", "\(real.access)", "\(modelled.access)"),
                ("source side", "\(real.isSourceSideOn)", "\(modelled.isSourceSideOn)"),
                ("replica side", "\(real.isReplicaSideOn)", "\(modelled.isReplicaSideOn)"),
                ("receiver", "\(real.receiver)", "\(modelled.receiver)"),
                ("acknowledges", "\(real.receiverAcknowledges)", "\(modelled.receiverAcknowledges)"),
                ("source", "\(real.source.debugDescription)", "\(modelled.source.debugDescription)"),
                ("applier", "\(real.isApplierOn)", "\(modelled.isApplierOn)"),
                ("all applied", "\(real.hasAppliedAll)", "\(modelled.hasAppliedAll)"),
                ("durability", "\(real.isDurable)", "\(modelled.isDurable)"),
                ("waiting commits", "\(real.hasWaitingCommits)", "\(modelled.hasWaitingCommits)"),
                ("admitted", "\(real.admitted)", "\(modelled.admitted)"),
                ("prepared", "\(real.isPrepared)", "\(modelled.isPrepared)"),
                ("committed", "\(try await committed(host))", "\(model.committed(host))"),
                ("held", "\(try await held(host))", "\(try heldByModel(host))"),
            ]
            if let part = parts.first(where: { $0.1 != $0.2 }) {
                return "server \(host + 1) has \(part.0) \(part.1), and the simulated one \(part.2)"
            }
        }
        return nil
    }

    private func committed(_ host: Int) async throws -> Int {
        guard let sets = try? await hands[host].gtids() else { return -1 }
        return Int(sets.executed.count) - Int(baseline[host])
    }

    /// What is committed, or received: what waits is in neither.
    private func held(_ host: Int) async throws -> Int {
        let received = try pair.servers[host].sql(
            """
            SELECT COALESCE(GROUP_CONCAT(RECEIVED_TRANSACTION_SET), '') FROM performance_schema.replication_connection_status
            """)
        let text = received.replacing("\\n", with: "").trimmingCharacters(in: .whitespacesAndNewlines)
        let set = try hands[host].numbering.set(text)
        guard let sets = try? await hands[host].gtids() else { return -1 }
        return Int(sets.executed.union(set).count) - Int(baseline[host])
    }

    private func heldByModel(_ host: Int) throws -> Int {
        model.waits(host) ? model.committed(host) : model.held(host)
    }
}

import Foundation
import Logging
import MySQLConnector
import MySQLTestServer
import TandemFailover
import Testing

@testable import TandemReplication

@Suite("An agent's hands on its server", .serialized)
struct DatabaseServerTests {
    private static let pair = Task { try await ServerPair(network: "127.200.3") }
    private static let first = HostID(0)
    private static let second = HostID(1)

    private func booted() async throws -> (ServerPair, DatabaseServer, DatabaseServer) {
        let pair = try await Self.pair.value
        try await pair.restart()
        return (pair, pair.hand(0), pair.hand(1))
    }

    @Test("prepare a fresh server as root, and are the agents' own account from then on", .timeLimit(.minutes(2)))
    func prepare() async throws {
        let (pair, first, _) = try await booted()
        var seen = await first.look()
        #expect(seen.answer == .up && seen.access == .closed && seen.isSourceSideOn && !seen.isReplicaSideOn)
        #expect(seen.receiver == .off && !seen.isApplierOn && seen.hasAppliedAll && seen.source == nil)
        // MySQL refuses a closed server's agent, too.
        await #expect(throws: (any Error).self) { try await first.run(.prepareDatabase) }
        await #expect(throws: (any Error).self) { try await first.run(.admit(HostSet())) }
        try await first.run(.setSourceSide(false))
        try await first.run(.setAccess(.guarded))
        for _ in 1...2 { try await first.run(.prepareDatabase) }
        seen = await first.look()
        #expect(seen.isPrepared && seen.access == .guarded && !seen.isSourceSideOn)
        #expect(seen.admitted == HostSet(Self.first, Self.second))
        let users = try pair.servers[0].sql(
            "SELECT DISTINCT user FROM information_schema.processlist WHERE db = 'performance_schema' OR user = 'tandem_agent'"
        )
        #expect(users == "tandem_agent\n", "\(users)")
        try await first.heartbeat(epoch: 7)
        #expect(try pair.servers[0].sql("SELECT epoch FROM tandem.heartbeat") == "7\n")
        let sets = try await first.gtids()
        #expect(!sets.executed.isEmpty && sets.purged.isEmpty)
        await first.disconnect()
    }

    @Test("let in whom they are to, step by step, from whatever there was", .timeLimit(.minutes(2)))
    func access() async throws {
        let (pair, first, _) = try await booted()
        try await first.run(.setSourceSide(false))
        for access in [
            ServerObservation.Access.writing, .closed, .reading, .guarded, .reading, .writing, .guarded, .writing,
            .reading, .closed, .closed, .guarded, .closed,
        ] {
            try await first.run(.setAccess(access))
            #expect(await first.look().access == access)
        }
        // As a person may leave it: nobody but administrators writes.
        try pair.servers[0].sql("SET GLOBAL super_read_only = OFF; SET GLOBAL offline_mode = OFF")
        #expect(await first.look().access == .guarded)
        try await first.run(.setAccess(.writing))
        #expect(try pair.servers[0].sql("SELECT @@read_only, @@offline_mode") == "0\t0\n")
        await first.disconnect()
    }

    @Test("put right what somebody else tells a server to wait for", .timeLimit(.minutes(2)))
    func wrongWaits() async throws {
        let (pair, first, _) = try await booted()
        let read = """
            SELECT @@GLOBAL.rpl_semi_sync_source_timeout, @@GLOBAL.rpl_semi_sync_source_wait_no_replica,
                @@GLOBAL.rpl_semi_sync_source_wait_for_replica_count, @@GLOBAL.rpl_semi_sync_source_wait_point
            """
        for wrong in [
            "timeout = 1", "wait_no_replica = OFF", "wait_for_replica_count = 2", "wait_point = AFTER_COMMIT",
        ] {
            try pair.servers[0].sql("SET GLOBAL rpl_semi_sync_source_\(wrong)")
            _ = await first.look()
            #expect(try pair.servers[0].sql(read) == "3155760000000\t1\t1\tAFTER_SYNC\n", "\(wrong)")
        }
        await first.disconnect()
    }

    @Test("commit heartbeats uncompressed, as what cuts and exports logs can tell them", .timeLimit(.minutes(2)))
    func heartbeats() async throws {
        let (pair, first, second) = try await booted()
        try await pair.lead(first, second)
        func payloads() throws -> Int {
            let last = try pair.servers[0].sql("SHOW BINARY LOGS").split(separator: "\n").last
            let log = try #require(last?.split(separator: "\t").first)
            return try pair.servers[0].sql("SHOW BINLOG EVENTS IN '\(log)'").split(separator: "\n")
                .count { $0.contains("Transaction_payload") }
        }
        let before = try payloads()
        try await first.heartbeat(epoch: 2)
        #expect(try payloads() == before)
        try pair.servers[0].sql("CREATE TABLE shop.told (id INT PRIMARY KEY); INSERT INTO shop.told VALUES (1)")
        #expect(try payloads() == before + 1)
        for hand in [first, second] { await hand.disconnect() }
    }

    @Test("acknowledge nothing while their commits are not on disk", .timeLimit(.minutes(2)))
    func durability() async throws {
        let (pair, first, second) = try await booted()
        try await pair.lead(first, second)
        let before = try await second.gtids().executed
        #expect(await second.look().isDurable)
        for _ in 1...2 { try await second.run(.setDurability(false)) }
        #expect(await second.look().isDurable == false)
        try await second.run(.stopReceiver)
        await #expect(throws: (any Error).self) { try await second.run(.setReplicaSide(true)) }
        #expect(await second.look().isReplicaSideOn == false)
        for setting in ["sync_binlog = 1", "innodb_flush_log_at_trx_commit = 1"] {
            try pair.servers[1].sql("SET GLOBAL \(setting)")
            #expect(await second.look().isDurable == (setting != "sync_binlog = 1"), "\(setting)")
        }
        try await second.run(.setDurability(false))
        for _ in 1...2 { try await second.run(.setDurability(true)) }
        #expect(await second.look().isDurable)
        try await second.run(.setReplicaSide(true))
        // Nothing of this is binlogged.
        #expect(try await second.gtids().executed.subtracting(before).isEmpty)
        for hand in [first, second] { await hand.disconnect() }
    }

    @Test("follow, acknowledge only on a connection begun for it, and stop", .timeLimit(.minutes(2)))
    func follow() async throws {
        let (pair, first, second) = try await booted()
        try await pair.lead(first, second)
        var seen = await second.look()
        #expect(seen.source == Self.first && seen.receiver == .connected && seen.isApplierOn)
        #expect(!seen.receiverAcknowledges && seen.sourceAnswers)
        try await second.run(.setReplicaSide(true))
        seen = await second.look()
        #expect(seen.isReplicaSideOn && !seen.receiverAcknowledges)
        try await second.run(.startReceiver(from: Self.first, epoch: 1))
        #expect(await second.look().receiverAcknowledges == false)
        for _ in 1...2 { try await second.run(.stopReceiver) }
        #expect(await second.look().receiver == .off)
        try await second.run(.startReceiver(from: Self.first, epoch: 1))
        try await look(second, "it acknowledges") { $0.receiverAcknowledges }
        let before = await second.look().receivedCount
        try await first.heartbeat(epoch: 2)
        try await look(second, "the heartbeat arrives") { $0.receivedCount > before && $0.hasAppliedAll }
        // The other way round it must not be pointed, nor forget, while its threads run.
        for command in [
            ServerCommand.startReceiver(from: Self.second, epoch: 1), .forgetSource, .discardRelayLog,
        ] { await #expect(throws: (any Error).self) { try await second.run(command) } }
        try await second.run(.stopReceiver)
        for command in [ServerCommand.startReceiver(from: Self.second, epoch: 1), .forgetSource, .discardRelayLog] {
            await #expect(throws: (any Error).self) { try await second.run(command) }
        }
        #expect(await second.look().source == Self.first)
        for _ in 1...2 { try await second.run(.stopApplier) }
        try await second.run(.discardRelayLog)
        #expect(await second.look().source == Self.first)
        for _ in 1...2 { try await second.run(.forgetSource) }
        #expect(await second.look().source == nil)
        await first.disconnect()
        await second.disconnect()
    }

    /// A replica hands its password to whoever answers, and takes from it all that it will serve.
    @Test("follow nobody whose certificate is not of this stack, or not for its address", .timeLimit(.minutes(2)))
    func trust() async throws {
        let (pair, first, second) = try await booted()
        try await pair.lead(first, second)
        try await second.run(.stopReceiver)
        try await second.run(.stopApplier)
        try await second.run(.forgetSource)
        await second.disconnect()
        var elsewhere = pair.settings(1)
        elsewhere.servers[Self.first]?.address = pair.servers[0].unnamedAddress
        var otherAuthority = pair.settings(1)
        otherAuthority.caFile = pair.servers[0].otherCAFile
        for settings in [elsewhere, otherAuthority] {
            let hand = DatabaseServer(settings: settings)
            try await hand.run(.startReceiver(from: Self.first, epoch: 1))
            try await eventually("the certificate is refused") {
                let status = try pair.servers[1].sql("SHOW REPLICA STATUS")
                return status.contains("certificate") || status.contains("SSL")
            }
            #expect(await hand.look().receiver != .connected)
            try await hand.run(.stopReceiver)
            try await hand.run(.forgetSource)
            await hand.disconnect()
        }
        await first.disconnect()
    }

    @Test(
        "stop an applier at once that has only a part of a transaction, whose source died while it sent it",
        .timeLimit(.minutes(2)))
    func partOfATransaction() async throws {
        let (pair, first, second) = try await booted()
        // It then syncs what it receives, event by event, so that there is a moment in which to strike.
        try await pair.lead(first, second, acknowledging: true)
        let (source, replica) = (pair.servers[0], pair.servers[1])
        // It is as large on its way.
        try source.sql("SET GLOBAL binlog_transaction_compression = OFF")
        try source.sql("CREATE TABLE shop.large (id INT PRIMARY KEY, bytes LONGBLOB)")
        let write = pair.write(
            0,
            """
            INSERT INTO shop.large WITH RECURSIVE n AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM n WHERE i < 200)
            SELECT i, REPEAT(CHAR(65 + i % 20), 1000000) FROM n
            """)
        try await eventually("a part of it has arrived") {
            let status = try replica.sql("SHOW REPLICA STATUS").split(separator: "\t")
            return status.contains { ($0.count == 8 || $0.count == 9) && Int($0).map { $0 > 10_000_000 } == true }
        }
        source.kill()
        _ = await write.result
        try await second.run(.stopReceiver)
        let start = ContinuousClock.now
        try await second.run(.stopApplier)
        #expect(ContinuousClock.now - start < .seconds(5), "MySQL alone waits for a minute")
        #expect(await second.look().isApplierOn == false)
        try await second.run(.forgetSource)
        #expect(try replica.sql("SELECT COUNT(*) FROM shop.large") == "0\n")
        for hand in [first, second] { await hand.disconnect() }
    }

    @Test(
        "let clients that are at work finish, but not without end, and wait for nobody who idles",
        .timeLimit(.minutes(2)))
    func clients() async throws {
        let (pair, first, second) = try await booted()
        try await pair.lead(first, second)
        let app = pair.servers[0].configuration("shop", secrets.app, database: "shop")
        func takes(_ statement: String) async throws -> Duration {
            let client = try await MySQLConnection.connect(app, logger: quietLogger)
            let work = Task { try await client.execute(statement) }
            try await Task.sleep(for: .milliseconds(50))
            let start = ContinuousClock.now
            try await first.letClientsFinish()
            let elapsed = ContinuousClock.now - start
            work.cancel()
            await client.close()
            return elapsed
        }
        let idle = try await takes("DO 0")
        let long = try await takes("DO SLEEP(20)")
        #expect(long >= .milliseconds(300) && idle < long, "idle \(idle), at work \(long)")
        #expect(long < .seconds(10))

        // InnoDB shows new transactions to those only who have not asked for a while.
        let patience = Duration.milliseconds(150)
        try pair.servers[0].sql("CREATE TABLE shop.finished (id INT PRIMARY KEY)")
        let client = try await MySQLConnection.connect(app, logger: quietLogger)
        for pause in [0, 70, 100] {
            var hasFinished = false
            // On a machine with much to do it may commit too late.
            for attempt in 0..<3 where !hasFinished {
                try await Task.sleep(for: patience)
                try await client.execute("START TRANSACTION")
                try await client.execute("INSERT INTO shop.finished VALUES (\(10 * pause + attempt))")
                async let finished = first.letClientsFinish()
                try await Task.sleep(for: .milliseconds(pause))
                try await client.execute("COMMIT")
                hasFinished = try await finished
            }
            #expect(hasFinished, "it commits after \(pause) ms")
        }
        try await Task.sleep(for: patience)
        try await client.execute("START TRANSACTION")
        try await client.execute("INSERT INTO shop.finished VALUES (9999)")
        #expect(try await first.letClientsFinish() == false, "it does not commit")
        await client.close()
        for hand in [first, second] { await hand.disconnect() }
    }

    @Test("end the connections of those who follow, without which they would take 10 s to end", .timeLimit(.minutes(2)))
    func letsGo() async throws {
        let (pair, first, second) = try await booted()
        try await pair.lead(first, second)
        let dumps = "SELECT id FROM information_schema.processlist WHERE command LIKE 'Binlog Dump%'"
        let before = try pair.servers[0].sql(dumps)
        #expect(!before.isEmpty)
        try await first.disconnectReplicas()
        // They come back by themselves, as others.
        try await eventually("the connection that there was is ended") { try pair.servers[0].sql(dumps) != before }
        for hand in [first, second] { await hand.disconnect() }
    }

    @Test("keep what was received when the account changes, and do not point elsewhere for it", .timeLimit(.minutes(2)))
    func account() async throws {
        let (pair, first, second) = try await booted()
        try await pair.lead(first, second)
        try await second.run(.stopApplier)
        try pair.servers[0].sql("CREATE DATABASE IF NOT EXISTS kept")
        try await look(second, "it is received") { !$0.hasAppliedAll }
        try await second.run(.stopReceiver)
        var changed = pair.settings(1)
        changed.replicationPasswords[Self.second] = "another"
        let other = DatabaseServer(settings: changed)
        try await other.run(.startReceiver(from: Self.first, epoch: 1))
        #expect(await other.look().hasAppliedAll == false)
        try await other.run(.stopReceiver)
        try await other.run(.startApplier)
        try await look(other, "it is applied") { $0.hasAppliedAll }
        #expect(try pair.servers[1].sql("SHOW DATABASES LIKE 'kept'") == "kept\n")
        try pair.servers[0].sql("ALTER USER 'tandem_replication_server2'@'%' IDENTIFIED BY 'another'")
        try await other.run(.startReceiver(from: Self.first, epoch: 1))
        try await look(other, "it connects with the new password") { $0.receiver == .connected }
        try pair.servers[0].sql("ALTER USER 'tandem_replication_server2'@'%' IDENTIFIED BY 'two\\'s secret'")
        for hand in [first, second, other] { await hand.disconnect() }
    }

    @Test("let exactly those replicate whom they are to, and end nobody else", .timeLimit(.minutes(2)))
    func admit() async throws {
        let (pair, first, second) = try await booted()
        try await pair.lead(first, second)
        try pair.servers[0].sql("CREATE USER IF NOT EXISTS tandem_replication IDENTIFIED BY 'old'")
        #expect(await first.look().admitted == HostSet(bits: .max))
        let before = try await first.gtids().executed
        try await pair.servers[0].with { client in
            for _ in 1...2 { try await first.run(.admit(HostSet())) }
            #expect(await first.look().admitted == HostSet())
            try await client.execute("SELECT 1")
        }
        try await second.run(.stopReceiver)
        try await second.run(.setReplicaSide(true))
        try await second.run(.startReceiver(from: Self.first, epoch: 1))
        try await look(second, "it is put out") { $0.receiver == .connecting }
        #expect(try pair.servers[1].sql("SHOW STATUS LIKE 'Rpl_semi_sync_replica_status'").contains("ON"))
        #expect(await second.look().receiverAcknowledges == false)
        let dumps = "SELECT COUNT(*) FROM information_schema.processlist WHERE command LIKE 'Binlog Dump%'"
        #expect(try pair.servers[0].sql(dumps) == "0\n")
        // Not binlogged.
        #expect(try await first.gtids().executed == before)
        try await first.run(.admit(HostSet(Self.second)))
        try await look(second, "it is let in again") { $0.receiver == .connected }
        let id = try pair.servers[0].sql(dumps.replacing("COUNT(*)", with: "id"))
        try await first.run(.admit(HostSet(Self.second)))
        #expect(try pair.servers[0].sql(dumps.replacing("COUNT(*)", with: "id")) == id)
        try pair.servers[0].sql("DROP USER tandem_replication")
        for hand in [first, second] { await hand.disconnect() }
    }

    @Test("do all that is safe while a commit waits, and nothing lets go of it", .timeLimit(.minutes(2)))
    func waiting() async throws {
        let (pair, first, second) = try await booted()
        try await pair.lead(first, second, acknowledging: true)
        try await second.run(.stopReceiver)
        let beat = Task { try await first.heartbeat(epoch: 3) }
        try await look(first, "the heartbeat waits") { $0.hasWaitingCommits }
        // Another agent of the same host: the first one's beat is killed, waits on, and keeps its row.
        let next = pair.hand(0)
        try await next.run(.killSessions)
        await #expect(throws: (any Error).self) { try await beat.value }
        #expect(await next.look().hasWaitingCommits)
        await #expect(throws: (any Error).self) { try await next.heartbeat(epoch: 4) }
        try await next.run(.admit(HostSet()))
        try await next.run(.admit(HostSet(Self.second)))
        try await next.run(.setAccess(.guarded))
        await #expect(throws: (any Error).self) { try await next.run(.setAccess(.closed)) }
        await #expect(throws: (any Error).self) { try await second.run(.closeRemotely(Self.first)) }
        await #expect(throws: (any Error).self) { try await next.run(.setAccess(.reading)) }
        let seen = await next.look()
        #expect(seen.access == .guarded && seen.hasWaitingCommits && seen.isSourceSideOn)
        try await second.run(.startReceiver(from: Self.first, epoch: 1))
        try await look(next, "it is acknowledged") { !$0.hasWaitingCommits }
        try await next.run(.setAccess(.writing))
        try await second.run(.closeRemotely(Self.first))
        #expect(await next.look().access == .closed)
        for hand in [first, second, next] { await hand.disconnect() }
    }

    @Test("let a client's write end that is on its way when they close, and then cut him off", .timeLimit(.minutes(2)))
    func closeAfterWrites() async throws {
        let (pair, first, second) = try await booted()
        try await pair.lead(first, second)
        try pair.servers[0].sql(
            "CREATE DATABASE IF NOT EXISTS shop; CREATE TABLE IF NOT EXISTS shop.slow (id INT PRIMARY KEY)")
        let client = try await MySQLConnection.connect(
            pair.servers[0].configuration("shop", secrets.app, database: "shop"), logger: Logger(label: "test"))
        let write = Task { try await client.execute("INSERT INTO slow SELECT SLEEP(0.5)") }
        let runs = "SELECT COUNT(*) FROM information_schema.processlist WHERE info LIKE 'INSERT INTO slow%'"
        try await eventually("the write is on its way") { try pair.servers[0].sql(runs) == "1\n" }
        try await first.run(.setAccess(.closed))
        #expect(await first.look().access == .closed)
        _ = try await write.value
        #expect(try pair.servers[0].sql("SELECT COUNT(*) FROM shop.slow") == "1\n")
        await #expect(throws: (any Error).self) { try await client.execute("SELECT 1") }
        await client.close()
        for hand in [first, second] { await hand.disconnect() }
    }

    @Test("see a server on which a client runs a statement with bytes that are no text", .timeLimit(.minutes(2)))
    func binaryStatement() async throws {
        let (pair, first, second) = try await booted()
        try await pair.lead(first, second)
        let client = try await MySQLConnection.connect(
            pair.servers[0].configuration("shop", secrets.app), logger: Logger(label: "test"))
        let bytes: [UInt8] = [0xF1, 0x5C, 0xE2, 0x58, 0xD8, 0x80]
        let statement = Task { try await client.query("SELECT \(bytes) AS bytes, SLEEP(\(2)) AS slept") }
        try await eventually("it runs") { try pair.servers[0].sql("SHOW PROCESSLIST").contains("slept") }
        for _ in 1...5 { #expect(await first.look().answer == .up) }
        try await first.run(.killSessions)
        try await first.run(.admit(HostSet()))
        #expect(try pair.servers[0].sql("SHOW PROCESSLIST").contains("slept"), "it ran all the while")
        _ = try await statement.value
        await client.close()
        for hand in [first, second] { await hand.disconnect() }
    }

    @Test(
        "see a server on which a new account waits, which lets nobody else in, and get it out of that",
        .timeLimit(.minutes(2)))
    func newAccountWaits() async throws {
        let (pair, first, second) = try await booted()
        try await pair.lead(first, second, acknowledging: true)
        let other = pair.hand(0)
        for hand in [first, other] { #expect(await hand.look().answer == .up) }
        try await second.run(.stopReceiver)
        let write = pair.write(0, "CREATE USER IF NOT EXISTS waits")
        try await look(first, "it waits") { $0.hasWaitingCommits }
        let late = await pair.hand(0).look()
        #expect(late.answer == .silent)
        // offline_mode hangs behind it, so that closing does not end; the server must be killed, or the commit let go.
        let closing = Task { try await first.run(.setAccess(.closed)) }
        let closes = "SELECT COUNT(*) FROM information_schema.processlist WHERE info LIKE 'SET GLOBAL offline_mode%'"
        try await eventually("it is being closed") {
            try await other.looks.open().first(closes, as: Int.self) == 1
        }
        let seen = await first.look()
        #expect(seen.answer == .up && seen.isPrepared && seen.admitted == HostSet(Self.second))
        #expect(seen.access == .writing)
        try await other.run(.setSourceSide(false))
        try await write.value
        try await closing.value
        try await look(first, "it is closed") { $0.access == .closed }
        for hand in [first, second, other] { await hand.disconnect() }
    }

    @Test("end the sessions of agents, and of nobody else", .timeLimit(.minutes(2)))
    func sessions() async throws {
        let (pair, first, _) = try await booted()
        try await pair.servers[0].with { person in
            let earlier = pair.hand(0)
            _ = await earlier.look()
            let hanging = Task { try await earlier.execute("DO SLEEP(60)") }
            let sleeps = "SELECT COUNT(*) FROM information_schema.processlist WHERE info = 'DO SLEEP(60)'"
            try await eventually("its statement runs") { try pair.servers[0].sql(sleeps) == "1\n" }
            _ = await first.look()
            try await first.run(.killSessions)
            await #expect(throws: (any Error).self) { try await hanging.value }
            #expect(try pair.servers[0].sql(sleeps) == "0\n")
            try await person.execute("SELECT 1")
            #expect(await first.look().answer == .up)
            await earlier.disconnect()
        }
        await first.disconnect()
    }

    @Test("tell crowded, silent and absent, and close a crowded server", .timeLimit(.minutes(2)))
    func answers() async throws {
        let (pair, first, _) = try await booted()
        let server = pair.servers[0]
        #expect(await first.look().answer == .up)
        try await first.run(.setSourceSide(false))
        try await first.run(.setAccess(.writing))
        try server.sql("SET GLOBAL max_connections = 12")
        var crowd: [MySQLConnection] = []
        while crowd.count < 40,
            let one = try? await MySQLConnection.connect(server.rootConfiguration, logger: quietLogger)
        { crowd.append(one) }
        #expect(await pair.hand(0).look().answer == .crowded)
        #expect(await first.look().answer == .up)
        // Its connection for commands has broken.
        await first.commands.close()
        if let more = try? await MySQLConnection.connect(server.rootConfiguration, logger: quietLogger) {
            crowd.append(more)
        }
        try await first.run(.setAccess(.closed))
        #expect(try await first.commands.open().first("SELECT @@super_read_only", as: Int.self) == 1)
        for one in crowd { await one.close() }
        try await look(first, "it is seen closed") { $0.answer == .up && $0.access == .closed }
        server.setFrozen(true)
        #expect(await first.look().answer == .silent)
        server.setFrozen(false)
        try await look(first, "it answers again") { $0.answer == .up }
        server.kill()
        #expect(await first.look().answer == .absent)
        await #expect(throws: (any Error).self) { try await first.run(.setAccess(.closed)) }
        await #expect(throws: (any Error).self) { try await first.heartbeat(epoch: 9) }
        try await server.startAgain()
        #expect(await first.look().answer == .up)
        // Its connections to the server before this one have ended, which no heartbeat may fail for.
        try await first.run(.setSourceSide(false))
        try await first.run(.setAccess(.guarded))
        try await first.heartbeat(epoch: 10)
        server.kill()
        try await server.startAgain()
        try await first.run(.setSourceSide(false))
        try await first.run(.setAccess(.guarded))
        try await first.heartbeat(epoch: 11)
        await first.disconnect()
    }

    @Test("a receiver that its source refused is refused until it was stopped", .timeLimit(.minutes(2)))
    func refused() async throws {
        let (pair, first, second) = try await booted()
        try await pair.lead(first, second)
        try await second.run(.stopReceiver)
        try pair.servers[0].sql("CREATE DATABASE IF NOT EXISTS gone; DROP DATABASE gone; FLUSH BINARY LOGS")
        try await pair.servers[0].with { connection in
            let logs = try await connection.execute("SHOW BINARY LOGS").map {
                try $0.decode("Log_name", as: String.self)
            }
            try await connection.execute("PURGE BINARY LOGS TO '\(try #require(logs.last))'")
        }
        try await second.run(.startReceiver(from: Self.first, epoch: 1))
        try await look(second, "it is refused") { $0.receiver == .refused }
        try await second.run(.stopReceiver)
        #expect(await second.look().receiver == .off)
        for hand in [first, second] { await hand.disconnect() }
    }

    @Test("hosts with long names have accounts of their own, as long as MySQL's names may be")
    func names() {
        let long = ReplicationAccount.user("a-host-with-a-long-name-1")
        #expect(long.count == 32 && long != ReplicationAccount.user("a-host-with-a-long-name-2"))
        #expect(ReplicationAccount.user("server1") == "tandem_replication_server1")
    }
}

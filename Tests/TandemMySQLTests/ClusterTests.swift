import MySQLConnector
import MySQLTestServer
import Testing

@testable import TandemMySQL

/// What runs on two real servers; one pair after the other, for they share two cores.
@Suite("A primary and its replica", .serialized, .timeLimit(.minutes(5)))
struct ClusterTests {
    /// Most tests leave the pair as they found it.
    private func withPair(_ network: String, _ body: (Pair) async throws -> Void) async throws {
        let pair = try await Pair.start(network)
        defer { pair.stop() }
        try await body(pair)
    }

    @Test("writes go to the primary, reads to both; sessions read what they wrote, though the replica stands still")
    func readYourWrites() async throws {
        try await withPair("127.201.1") { pair in
            try await pair.with { cluster in
                try await eventually("both serve reads") {
                    cluster.statistics.servers.count { $0.value.servesReads } == 2
                }
                try await splits(pair, cluster)
                try await readsOwnWrites(pair, cluster)
                try await standsStill(pair, cluster)
                try await carriesOver(pair, cluster)
                try await refuses(cluster)
            }
        }
    }

    private func splits(_ pair: Pair, _ cluster: MySQLCluster) async throws {
        let written = try await cluster.write("INSERT INTO note VALUES (1, 'first')")
        #expect(written.value.affectedRows == 1)
        let token = try #require(written.token)
        let uuid = try pair.first.sql("SELECT @@server_uuid").filter { !$0.isWhitespace }
        #expect(token.description.hasPrefix("0;\(uuid):"))
        #expect(try pair.first.sql("SELECT text FROM shop.note") == "first\n")
        let before = cluster.statistics
        for _ in 0..<100 { _ = try await cluster.read("SELECT 1") }
        let after = cluster.statistics
        for name in [pair.first.name, pair.second.name] {
            let count = (after.servers[name]?.readsTotal ?? 0) - (before.servers[name]?.readsTotal ?? 0)
            #expect((45...55).contains(count), "\(name) answered \(count) of 100")
        }
        #expect(after.servers[pair.first.name]?.writesTotal == 1)
        #expect(after.servers[pair.second.name]?.writesTotal ?? 0 == 0)
        let strong = MySQLSession()
        try await strong.run {
            for _ in 0..<5 {
                _ = try await cluster.read("SELECT 1", consistency: .strong)
                #expect(strong.lastReadServer == pair.first.name)
            }
        }
    }

    private func readsOwnWrites(_ pair: Pair, _ cluster: MySQLCluster) async throws {
        let session = MySQLSession()
        var fromReplica = 0
        for id in 100..<300 {
            try await session.run {
                try await cluster.write { connection in
                    _ = try await connection.query("INSERT INTO note VALUES (\(id), 'mine')")
                }
                let found = try await cluster.read("SELECT id FROM note WHERE id = \(id)")
                #expect(found.count == 1, "note \(id) from \(session.lastReadServer ?? "nobody")")
                if session.lastReadServer == pair.second.name { fromReplica += 1 }
            }
        }
        // Half of them where it keeps up. On a busy machine it is late with some, which the primary then answers.
        #expect((10...190).contains(fromReplica), "\(fromReplica) of 200 reads came from the replica")
    }

    private func standsStill(_ pair: Pair, _ cluster: MySQLCluster) async throws {
        try pair.second.sql("STOP REPLICA SQL_THREAD")
        let session = MySQLSession()
        for id in 300..<330 {
            try await session.run {
                try await cluster.write("INSERT INTO note VALUES (\(id), 'mine')")
                let found = try await cluster.readTransaction { connection in
                    try await connection.query("SELECT id FROM note WHERE id = \(id)").count
                }
                #expect(found == 1, "note \(id)")
            }
        }
        #expect(cluster.statistics.servers[pair.second.name]?.gtidTimeoutsTotal ?? 0 > 0)
        // Others read on both, and on the replica it is not there.
        var seen: Set<Int> = []
        for _ in 0..<10 { seen.insert(try await cluster.read("SELECT id FROM note WHERE id = 329").count) }
        #expect(seen == [0, 1])
        try pair.second.sql("START REPLICA SQL_THREAD")
        try await pair.caughtUp(pair.second, with: pair.first)
    }

    /// Another process has a cluster of its own, and knows nothing but the token.
    private func carriesOver(_ pair: Pair, _ cluster: MySQLCluster) async throws {
        try pair.second.sql("STOP REPLICA SQL_THREAD")
        let token = try #require(try await cluster.write("INSERT INTO note VALUES (400, 'mine')").token)
        try await pair.with { other in
            let carried = try #require(MySQLSessionToken(token.description))
            for _ in 0..<4 {
                #expect(
                    try await other.read("SELECT 1 FROM note WHERE id = 400", consistency: .after(carried)).count == 1)
            }
        }
        try pair.second.sql("START REPLICA SQL_THREAD")
        try await pair.caughtUp(pair.second, with: pair.first)
    }

    private func refuses(_ cluster: MySQLCluster) async throws {
        for _ in 0..<2 {
            let denied = await #expect(throws: MySQLError.self) { try await cluster.read("DELETE FROM note") }
            #expect(denied?.serverErrorNumber == 1142)
        }
        let duplicate = await #expect(throws: MySQLError.self) {
            try await cluster.write("INSERT INTO note VALUES (1, 'again')")
        }
        #expect(duplicate?.serverErrorNumber == 1062)
        struct Mine: Error {}
        await #expect(throws: Mine.self) {
            try await cluster.write { connection in
                _ = try await connection.query("INSERT INTO note VALUES (500, 'not kept')")
                throw Mine()
            }
        }
        #expect(try await cluster.read("SELECT 1 FROM note WHERE id = 500", consistency: .strong).isEmpty)
        let readOnly = await #expect(throws: MySQLError.self) {
            try await cluster.readTransaction { try await $0.query("DELETE FROM note") }
        }
        #expect(readOnly != nil)
        _ = try await cluster.withPrimaryConnection { try await $0.execute("CREATE TABLE other (id INT PRIMARY KEY)") }
    }

    @Test(
        "the replica killed and restarted under load fails no read; the primary's restart makes writes wait, and fails none that was not sent"
    )
    func outages() async throws {
        try await withPair("127.201.2") { pair in
            try await pair.with { cluster in
                let tally = try await underLoad(cluster) {
                    pair.second.kill()
                    try await Task.sleep(for: .milliseconds(700))
                    try await pair.second.startAgain()
                    try pair.second.sql("START REPLICA")
                    try await eventually("the replica serves again") {
                        cluster.statistics.servers[pair.second.name]?.servesReads == true
                    }
                    let before = cluster.statistics.servers[pair.second.name]?.readsTotal ?? 0
                    try await eventually("reads come back to it") {
                        cluster.statistics.servers[pair.second.name]?.readsTotal ?? 0 > before + 20
                    }
                    pair.first.kill()
                    try await pair.first.startAgain()
                    try pair.first.sql("SET GLOBAL read_only = OFF")
                    let written = cluster.statistics.servers[pair.first.name]?.writesTotal ?? 0
                    try await eventually("writes go on") {
                        cluster.statistics.servers[pair.first.name]?.writesTotal ?? 0 > written + 20
                    }
                }
                #expect(tally.failedReads == [] && tally.failedWrites == [])
                #expect(tally.reads > 200 && tally.writes > 100, "\(tally)")
                // Sent when the server died; everything else waited.
                #expect(tally.unknown <= Self.writers)
                let rows = try await cluster.read("SELECT COUNT(*) FROM note", consistency: .strong)
                let count = try #require(try rows.first?.decode((Int).self))
                #expect((tally.writes...tally.writes + tally.unknown).contains(count))
            }
        }
    }

    private static let writers = 4

    struct Tally: Sendable {
        var reads = 0
        var writes = 0
        var unknown = 0
        var failedReads: [String] = []
        var failedWrites: [String] = []
    }

    /// Reads and writes all the time while the closure runs.
    private func underLoad(_ cluster: MySQLCluster, _ body: () async throws -> Void) async throws -> Tally {
        let tally = Shared(Tally())
        let isOver = Shared(false)
        let load = Task {
            await withTaskGroup(of: Void.self) { group in
                for _ in 0..<8 {
                    group.addTask {
                        while !isOver.withLock({ $0 }) {
                            do {
                                _ = try await cluster.read("SELECT COUNT(*) FROM note WHERE id < 100")
                                tally.withLock { $0.reads += 1 }
                            } catch { tally.withLock { $0.failedReads.append("\(error)") } }
                            try? await Task.sleep(for: .milliseconds(2))
                        }
                    }
                }
                for writer in 0..<Self.writers {
                    group.addTask {
                        var id = writer
                        while !isOver.withLock({ $0 }) {
                            id += Self.writers
                            do {
                                try await cluster.write("INSERT INTO note VALUES (\(id), 'load')")
                                tally.withLock { $0.writes += 1 }
                            } catch let error as MySQLError where error.code == .commitOutcomeUnknown {
                                tally.withLock { $0.unknown += 1 }
                            } catch { tally.withLock { $0.failedWrites.append("\(error)") } }
                            try? await Task.sleep(for: .milliseconds(2))
                        }
                    }
                }
            }
        }
        do { try await body() } catch {
            isOver.withLock { $0 = true }
            await load.value
            throw error
        }
        isOver.withLock { $0 = true }
        await load.value
        return tally.withLock { $0 }
    }

    @Test(
        "a change of primary is a pause: writes go on at the new one, sessions hold, and the old one's return as a replica changes nothing"
    )
    func failover() async throws {
        try await withPair("127.201.3") { pair in
            try await pair.with { cluster in
                let session = MySQLSession()
                let tally = try await underLoad(cluster) {
                    try await session.run { _ = try await cluster.write("INSERT INTO note VALUES (1000000, 'before')") }
                    try await Task.sleep(for: .milliseconds(300))
                    try await pair.promoteSecond()
                    try await session.run {
                        try await cluster.write("INSERT INTO note VALUES (1000001, 'after')")
                        for _ in 0..<4 {
                            let found = try await cluster.read("SELECT id FROM note WHERE id >= 1000000")
                            #expect(found.count == 2)
                        }
                    }
                    try pair.follow(pair.first, pair.second)
                    try await eventually("the old primary serves reads") {
                        cluster.statistics.servers[pair.first.name]?.servesReads == true
                    }
                    try await Task.sleep(for: .milliseconds(300))
                }
                #expect(cluster.statistics.primary == pair.second.name)
                #expect(tally.failedReads == [] && tally.failedWrites == [] && tally.unknown == 0)
                let rows = try await cluster.read("SELECT COUNT(*) FROM note WHERE id < 1000000", consistency: .strong)
                #expect(try rows.first?.decode((Int).self) == tally.writes)
                try await pair.caughtUp(pair.first, with: pair.second)
                #expect(try pair.first.sql("CHECKSUM TABLE shop.note") == pair.second.sql("CHECKSUM TABLE shop.note"))
            }
        }
    }

    @Test("a transaction that met a deadlock is tried again as often as was asked for, and not once more")
    func deadlocks() async throws {
        let cluster = try MySQLCluster(
            configuration: MySQLClusterConfiguration(
                topology: .servers([.tcp(host: "127.201.4.1", port: 1)]),
                writer: MySQLConfiguration(address: .unixSocket("/"), username: "writer", password: "w")),
            logger: quietLogger)
        let deadlock = MySQLError(code: .server, message: "deadlock", serverErrorNumber: 1213, sqlState: "40001")
        for limit in 0...2 {
            var met = 0
            for _ in 0..<limit { try await cluster.pauseForDeadlock(deadlock, &met, limit: limit) }
            await #expect(throws: MySQLError.self) {
                try await cluster.pauseForDeadlock(deadlock, &met, limit: limit)
            }
            #expect(met == limit)
        }
        var met = 0
        let other = MySQLError(code: .server, message: "duplicate", serverErrorNumber: 1062, sqlState: "23000")
        await #expect(throws: MySQLError.self) { try await cluster.pauseForDeadlock(other, &met, limit: 9) }
    }

    @Test("no more wait for a server than may; who comes then is told at once", .timeLimit(.minutes(1)))
    func mostHeld() async throws {
        var configuration = MySQLClusterConfiguration(
            topology: .servers([.tcp(host: "127.201.4.2", port: 1)]),
            writer: MySQLConfiguration(address: .unixSocket("/"), username: "writer", password: "w"))
        configuration.writeHoldLimit = .seconds(600)
        configuration.readHoldLimit = .seconds(600)
        configuration.maximumHeld = 2
        let cluster = try MySQLCluster(configuration: configuration, logger: quietLogger)
        let running = Task { try await cluster.run() }
        let waiting = [
            Task { _ = try await cluster.write("SELECT 1") }, Task { _ = try await cluster.read("SELECT 1") },
        ]
        try await eventually("two wait") { cluster.statistics.held == 2 }
        // They pause between their attempts, and are not counted for that moment: somebody may slip in.
        var error: MySQLError?
        for _ in 0..<200 where error == nil {
            let third = Task { try await cluster.write("SELECT 1") }
            try await Task.sleep(for: .milliseconds(50))
            third.cancel()
            if case .failure(let failure as MySQLError) = await third.result { error = failure }
        }
        #expect(cluster.statistics.held <= 2)
        for task in waiting { task.cancel() }
        // If somebody did, one of these found no place any more.
        for task in waiting {
            if case .failure(let failure as MySQLError) = await task.result { error = error ?? failure }
        }
        #expect(error?.code == .poolQueueFull)
        running.cancel()
        try await running.value
    }

    @Test("with nobody to take it, a write waits as long as it may, and says what it waited for")
    func nobody() async throws {
        var configuration = MySQLClusterConfiguration(
            topology: .servers([.tcp(host: "127.201.4.1", port: 1)]),
            writer: MySQLConfiguration(address: .unixSocket("/"), username: "writer", password: "hunter2"))
        configuration.writeHoldLimit = .milliseconds(300)
        configuration.readHoldLimit = .milliseconds(300)
        let cluster = try MySQLCluster(configuration: configuration, logger: quietLogger)
        let early = await #expect(throws: MySQLError.self) { try await cluster.write("SELECT 1") }
        #expect(early?.code == .noServer && early?.description.contains("call run()") == true)
        let running = Task { try await cluster.run() }
        let write = await #expect(throws: MySQLError.self) { try await cluster.write("SELECT 1") }
        let read = await #expect(throws: MySQLError.self) { try await cluster.read("SELECT 1") }
        for error in [write, read] {
            #expect(error?.code == .noServer)
            #expect(error?.description.contains("127.201.4.1:1") == true)
            #expect(error?.description.contains("hunter2") == false)
        }
        // One who is cancelled waits no longer, and one who comes after the end not at all.
        let waiting = Task { try await cluster.write("SELECT 1") }
        waiting.cancel()
        await #expect(throws: CancellationError.self) { try await waiting.value }
        running.cancel()
        try await running.value
        let late = await #expect(throws: MySQLError.self) { try await cluster.write("SELECT 1") }
        #expect(late?.code == .poolClosed)
    }
}

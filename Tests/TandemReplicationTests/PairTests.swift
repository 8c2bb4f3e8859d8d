import Foundation
import MySQLConnector
import MySQLTestServer
import Testing

@testable import TandemReplication

/// Two servers, of which the second is a copy of the first and follows it.
@Suite("A primary and its partner")
struct PairTests {
    private let bootstrap = Bootstrap(database: "shop", appUser: "shop", appReadUser: "shop_read", secrets: secrets)

    @Test("copy, replicate, acknowledge, wait for each other, and close", .timeLimit(.minutes(2)))
    func pair() async throws {
        async let starting = MySQLTestServer.start(address: "127.200.1.2")
        let second = try await MySQLTestServer.start(address: "127.200.1.3")
        let first = try await starting
        defer {
            first.stop()
            second.stop()
        }
        for server in [first, second] { try server.sql(SharedServer.plugins) }

        // As every server of a stack boots. Nobody acknowledges yet, so alone it must wait for nobody.
        try first.sql("SET GLOBAL rpl_semi_sync_source_enabled = ON")
        try await first.with { try await PrimaryRole.openSolo($0) }
        try #require(try first.sql("SELECT @@rpl_semi_sync_source_enabled") == "0\n")
        try await first.with { try await bootstrap.run($0) }
        try first.sql("CREATE TABLE shop.t (id INT PRIMARY KEY); INSERT INTO shop.t VALUES (1)")

        try await copy(first, to: second)
        #expect(try second.sql("SELECT id FROM shop.t") == "1\n")

        let role = ReplicaRole(
            sourceAddress: first.address, sourcePort: first.port, password: secrets.replication,
            caFile: first.caFile, acknowledges: true)
        let none = try await second.with { try await ReplicaStatus.read($0) }
        #expect(none == nil)
        try await trustsNobodyElse(role, first, second)
        try await follow(role, second)
        try await acknowledges(first, second)
        try await waits(first, second, role)
        try await followsOnce(role, second)
        try await acknowledgesNoLonger(role, second)
        try await fences(first, second, role)
        try await letsGoOfReplicas(first)
    }

    private func copy(_ first: MySQLTestServer, to second: MySQLTestServer) async throws {
        let target = second.folder.appending(path: "copy")
        let clone = Clone(
            donorAddress: first.address, donorPort: first.port, password: secrets.clone, dataFolder: target.path)
        try await second.with { try await clone.run($0) }
        // It never overwrites.
        await #expect(throws: MySQLError.self) { try await second.with { try await clone.run($0) } }
        second.kill()
        let data = second.folder.appending(path: "data")
        try FileManager.default.moveItem(at: data, to: second.folder.appending(path: "old"))
        try FileManager.default.moveItem(at: target, to: data)
        try await second.startAgain()
        try second.sql("SET GLOBAL server_id = 2")
    }

    /// A replica hands its password to whoever answers, and takes from it all that it will serve.
    private func trustsNobodyElse(
        _ role: ReplicaRole, _ first: MySQLTestServer, _ second: MySQLTestServer
    ) async throws {
        var elsewhere = role
        elsewhere.sourceAddress = first.unnamedAddress
        var otherAuthority = role
        otherAuthority.caFile = first.otherCAFile
        for role in [elsewhere, otherAuthority] {
            try await second.with { connection in
                try await role.follow(connection)
                try await eventually("the certificate is refused") {
                    let error = try await ReplicaStatus.read(connection)?.error ?? ""
                    return error.contains("certificate") || error.contains("SSL")
                }
                #expect(try await ReplicaStatus.read(connection)?.isStreaming == false)
            }
            try second.sql("STOP REPLICA; RESET REPLICA ALL")
        }
    }

    private func follow(_ role: ReplicaRole, _ second: MySQLTestServer) async throws {
        try await second.with { connection in
            try await role.follow(connection)
            try await eventually("the replica streams") {
                try await ReplicaStatus.read(connection)?.isStreaming == true
            }
            let status = try #require(try await ReplicaStatus.read(connection))
            #expect(status.sourceAddress == role.sourceAddress && status.sourcePort == role.sourcePort)
            #expect(status.error == nil)
        }
        #expect(try second.sql("SELECT @@super_read_only, @@rpl_semi_sync_source_enabled") == "1\t0\n")
    }

    /// A beat that returns proves that the partner has all before it.
    private func acknowledges(_ first: MySQLTestServer, _ second: MySQLTestServer) async throws {
        try await first.with { connection in
            try await eventually("the partner is known to acknowledge") {
                try await PrimaryRole.acknowledgingReplicas(connection) == 1
            }
            try await PrimaryRole.awaitAcknowledgements(connection)
            try first.sql("INSERT INTO shop.t VALUES (2)")
            try await Heartbeat.beat(epoch: 1, on: connection)
        }
        try await eventually("the row is applied") { try second.sql("SELECT MAX(id) FROM shop.t") == "2\n" }
        try await second.with { connection in
            let lag = try #require(try await Heartbeat.lagSeconds(on: connection))
            #expect((0..<30).contains(lag))
        }
    }

    private static let waiting = """
        SELECT COUNT(*) FROM information_schema.processlist WHERE state LIKE 'Waiting for semi-sync ACK%'
        """

    private func waits(_ first: MySQLTestServer, _ second: MySQLTestServer, _ role: ReplicaRole) async throws {
        try await second.with { try await ReplicaRole.stop($0) }
        let beat = Task { try await first.with { try await Heartbeat.beat(epoch: 2, on: $0) } }
        try await eventually("the commit waits for its partner") { try first.sql(Self.waiting) == "1\n" }
        try await follow(role, second)
        try await beat.value
        try await eventually("the beat is applied") { try second.sql("SELECT epoch FROM tandem.heartbeat") == "2\n" }
    }

    /// Configuring it again would throw away what it has received and not yet applied.
    private func followsOnce(_ role: ReplicaRole, _ second: MySQLTestServer) async throws {
        let before = try relayFile(second)
        #expect(before.contains("relay-bin."))
        try await second.with { try await role.follow($0) }
        #expect(try relayFile(second) == before)
    }

    /// A third server that acknowledged could do so for the partner, which is then without the row.
    private func acknowledgesNoLonger(_ role: ReplicaRole, _ second: MySQLTestServer) async throws {
        let acknowledges = "SELECT @@rpl_semi_sync_replica_enabled"
        #expect(try second.sql(acknowledges) == "1\n")
        var silent = role
        silent.acknowledges = false
        try await follow(silent, second)
        #expect(try second.sql(acknowledges) == "0\n")
        try await follow(role, second)
        #expect(try second.sql(acknowledges) == "1\n")
    }

    private func relayFile(_ server: MySQLTestServer) throws -> String {
        try server.sql("SHOW REPLICA STATUS").split(separator: "\t").first { $0.contains("-relay-bin.") }.map(
            String.init) ?? ""
    }

    private func fences(_ first: MySQLTestServer, _ second: MySQLTestServer, _ role: ReplicaRole) async throws {
        try await second.with { try await ReplicaRole.stop($0) }
        let app = first.configuration("shop", secrets.app, database: "shop")
        let write = Task { try await first.with { try await Heartbeat.beat(epoch: 3, on: $0) } }
        try await eventually("the commit waits for its partner") { try first.sql(Self.waiting) == "1\n" }
        // A commit is in flight: only SIGKILL is safe now, and the caller is told.
        await #expect(throws: MySQLError.self) { try await first.with { try await PrimaryRole.fence($0) } }
        // It is closed to clients, yet lets its partner in.
        await #expect(throws: MySQLError.self) { try await first.with(app) { _ in } }
        try await follow(role, second)
        try await write.value

        try first.sql("SET GLOBAL rpl_semi_sync_source_enabled = OFF")
        try await first.with { connection in
            try await PrimaryRole.openPaired(connection)
            #expect(try first.sql("SELECT @@rpl_semi_sync_source_enabled") == "1\n")
            let client = try await MySQLConnection.connect(app, logger: quietLogger)
            try await client.execute("INSERT INTO t VALUES (3)")
            try await PrimaryRole.fence(connection)
            await #expect(throws: MySQLError.self) { try await client.execute("INSERT INTO t VALUES (4)") }
            await client.close()
            await #expect(throws: MySQLError.self) { try await first.with(app) { _ in } }
            // Nor may an administrator write.
            await #expect(throws: MySQLError.self) { try await Heartbeat.beat(epoch: 4, on: connection) }
        }
        try await eventually("all that was acknowledged is on the partner") {
            try second.sql("SELECT GROUP_CONCAT(id ORDER BY id) FROM shop.t") == "1,2,3\n"
        }
        try await second.with { try await ReplicaRole.open($0) }
        #expect(try second.sql("SELECT @@offline_mode, @@super_read_only") == "0\t1\n")
    }

    /// With a replica attached the server would take 10 s to end.
    private func letsGoOfReplicas(_ first: MySQLTestServer) async throws {
        let dumps = "SELECT id FROM information_schema.processlist WHERE command LIKE 'Binlog Dump%'"
        let before = try first.sql(dumps)
        #expect(!before.isEmpty)
        try await first.with { try await PrimaryRole.disconnectReplicas($0) }
        // They come back by themselves, as others.
        try await eventually("the connection that there was is ended") { try first.sql(dumps) != before }
    }
}

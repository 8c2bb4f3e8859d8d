import Foundation
import MySQLConnector
import MySQLTestServer
import TandemFailover
import Testing

@testable import TandemReplication

/// Two real servers with the product's settings for replication and failover, and both agents' hands.
final class ServerPair: Sendable {
    static let names = HostNames(["server1", "server2", "server3"])

    let servers: [MySQLTestServer]
    private let caFile: String

    init(network: String) async throws {
        async let starting = MySQLTestServer.start(address: "\(network).1", settings: try Self.settings(1))
        let second = try await MySQLTestServer.start(address: "\(network).2", settings: try Self.settings(2))
        servers = [try await starting, second]
        // One authority for both, as in a stack.
        let both = try servers.map { try String(contentsOfFile: $0.caFile, encoding: .utf8) }.joined()
        caFile = servers[0].folder.appending(path: "both.pem").path
        try both.write(toFile: caFile, atomically: true, encoding: .utf8)
        try MySQLTestServer.run("/bin/chmod", ["755", servers[0].folder.path])
        try MySQLTestServer.run("/bin/chmod", ["644", caFile])
    }

    /// What is on record as generated, from the part on replication to the end.
    private static func settings(_ number: Int) throws -> String {
        let golden = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appending(path: "TandemBlueprintTests/Golden/conduit/server1/my.cnf")
        let text = try String(contentsOf: golden, encoding: .utf8)
        let start = try #require(text.range(of: "# Rows are what is logged"))
        let own = "skip_name_resolve = ON\nserver_id = \(number)\nbinlog_transaction_compression = ON\n"
        return own + text[start.lowerBound...]
    }

    func settings(_ host: Int) -> DatabaseServerSettings {
        let addresses = Dictionary(
            uniqueKeysWithValues: servers.indices.map {
                (HostID($0), DatabaseServerSettings.Address(address: servers[$0].address, port: servers[$0].port))
            })
        var secrets = TandemReplicationTests.secrets
        secrets.root = ""
        return DatabaseServerSettings(
            host: HostID(host), names: Self.names, servers: addresses, socketPath: servers[host].socketPath,
            caFile: caFile,
            bootstrap: Bootstrap(database: "shop", appUser: "shop", appReadUser: "shop_read", secrets: secrets),
            agentPassword: "agent's", closerPassword: "closer's",
            replicationPasswords: [HostID(0): "one's secret", HostID(1): "two's secret"])
    }

    func hand(_ host: Int) -> DatabaseServer { DatabaseServer(settings: settings(host)) }

    /// Both as they boot: closed.
    func restart() async throws {
        for server in servers {
            server.kill()
            try await server.startAgain()
        }
    }

    /// The first one is prepared, alone, open; the second follows it.
    func lead(_ first: DatabaseServer, _ second: DatabaseServer, acknowledging: Bool = false) async throws {
        try await first.run(.setSourceSide(false))
        try await first.run(.setAccess(.guarded))
        if await !first.look().isPrepared { try await first.run(.prepareDatabase) }
        try await first.run(.admit(HostSet(HostID(1))))
        try await first.run(.setAccess(.writing))
        try await second.run(.setSourceSide(false))
        try await second.run(.setReplicaSide(acknowledging))
        try await second.run(.startReceiver(from: HostID(0), epoch: 1))
        try await second.run(.startApplier)
        try await eventually("the second follows") { await second.look().isCloseBehind }
        guard acknowledging else { return }
        try await first.run(.setSourceSide(true))
        try await first.heartbeat(epoch: 1)
    }

    /// A client's write, which may wait: the session goes on by itself.
    func write(_ host: Int, _ sql: String) -> Task<Void, any Error> {
        let server = servers[host]
        return Task { try await server.with { _ = try await $0.execute(sql) } }
    }

    func end() { for server in servers { server.stop() } }
}

func look(_ hand: DatabaseServer, _ what: Comment, _ condition: (ServerLook) -> Bool) async throws {
    try await eventually(what) { condition(await hand.look()) }
}

import Foundation
import Logging
import MySQLConnector
import MySQLTestServer
import Synchronization
import Testing

@testable import TandemMySQL

let quietLogger = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })

/// Two real servers, of which the second follows the first.
final class Pair: Sendable {
    let first: MySQLTestServer
    let second: MySQLTestServer

    private init(_ first: MySQLTestServer, _ second: MySQLTestServer) {
        self.first = first
        self.second = second
    }

    /// - Parameter network: the first three numbers of both addresses.
    static func start(_ network: String) async throws -> Pair {
        async let starting = MySQLTestServer.start(address: "\(network).1", settings: settings(1))
        let second = try await MySQLTestServer.start(address: "\(network).2", settings: settings(2))
        let first = try await starting
        let pair = Pair(first, second)
        try first.sql(
            """
            SET GLOBAL read_only = OFF;
            CREATE USER 'writer'@'%' IDENTIFIED BY 'w' REQUIRE SSL;
            CREATE USER 'reader'@'%' IDENTIFIED BY 'r' REQUIRE SSL;
            CREATE USER 'follower'@'%' IDENTIFIED BY 'f' REQUIRE SSL;
            GRANT REPLICATION SLAVE ON *.* TO 'follower'@'%';
            CREATE DATABASE shop;
            GRANT ALL ON shop.* TO 'writer'@'%';
            GRANT SELECT ON shop.* TO 'reader'@'%';
            CREATE TABLE shop.note (id INT UNSIGNED NOT NULL PRIMARY KEY, text VARCHAR(200) NOT NULL);
            """)
        try pair.follow(second, first)
        try await pair.caughtUp(second, with: first)
        return pair
    }

    private static func settings(_ id: Int) -> String {
        "server_id=\(id)\nread_only=ON\nsuper_read_only=ON\nlog_replica_updates=ON\nsync_binlog=1"
    }

    func stop() {
        first.stop()
        second.stop()
    }

    func follow(_ replica: MySQLTestServer, _ source: MySQLTestServer) throws {
        try replica.sql(
            """
            STOP REPLICA;
            CHANGE REPLICATION SOURCE TO SOURCE_HOST='\(source.address)', SOURCE_PORT=\(source.port), SOURCE_USER='follower',
                SOURCE_PASSWORD='f', SOURCE_AUTO_POSITION=1, SOURCE_SSL=1, SOURCE_CONNECT_RETRY=1;
            START REPLICA;
            SET GLOBAL super_read_only = ON;
            """)
    }

    func caughtUp(_ replica: MySQLTestServer, with source: MySQLTestServer) async throws {
        let position = try source.sql(#"SELECT REPLACE(@@GLOBAL.gtid_executed, '\n', '')"#).filter { !$0.isWhitespace }
        try await eventually("the replica has all that the primary has") {
            try replica.sql("SELECT GTID_SUBSET('\(position)', @@GLOBAL.gtid_executed)") == "1\n"
        }
    }

    /// The first is closed, the second takes over.
    func promoteSecond() async throws {
        try first.sql("SET GLOBAL super_read_only = ON")
        try await caughtUp(second, with: first)
        try second.sql("STOP REPLICA; RESET REPLICA ALL; SET GLOBAL read_only = OFF")
    }

    func login(_ user: String, _ password: String, database: String = "shop") -> MySQLConfiguration {
        MySQLConfiguration(
            address: .tcp(host: first.address, port: first.port), username: user, password: password,
            database: database, tls: .require(caFile: nil, verifyServerName: false))
    }

    /// A cluster of both, or of other addresses that lead to them.
    func configuration(_ addresses: [MySQLConfiguration.Address]? = nil) -> MySQLClusterConfiguration {
        var configuration = MySQLClusterConfiguration(
            topology: .servers(addresses ?? [first.place, second.place]), writer: login("writer", "w"),
            reader: login("reader", "r"))
        configuration.probeInterval = .milliseconds(200)
        return configuration
    }

    /// Runs a cluster while the closure runs.
    func with<Value: Sendable>(
        _ configuration: MySQLClusterConfiguration? = nil, _ body: (MySQLCluster) async throws -> Value
    ) async throws -> Value {
        let cluster = try MySQLCluster(configuration: configuration ?? self.configuration(), logger: quietLogger)
        let running = Task { try await cluster.run() }
        do {
            try await eventually("the cluster knows both servers") {
                let statistics = cluster.statistics
                return statistics.takesWrites && statistics.servers.count { $0.value.servesReads } >= 1
            }
            let value = try await body(cluster)
            running.cancel()
            try await running.value
            return value
        } catch {
            running.cancel()
            throw error
        }
    }
}

extension MySQLTestServer {
    var place: MySQLConfiguration.Address { .tcp(host: address, port: port) }
    var name: String { "\(address):\(port)" }
}

/// A value that several tasks change.
final class Shared<Value: Sendable>: Sendable {
    private let mutex: Mutex<Value>

    init(_ value: Value) { mutex = Mutex(value) }

    @discardableResult
    func withLock<Result: Sendable>(_ body: (inout Value) -> Result) -> Result {
        mutex.withLock { value in body(&value) }
    }
}

struct TimedOut: Error, CustomStringConvertible { var description: String }

func eventually(
    _ what: String, within limit: Duration = .seconds(30), _ condition: () async throws -> Bool
) async throws {
    let deadline = ContinuousClock.now + limit
    while try await !condition() {
        guard ContinuousClock.now < deadline else { throw TimedOut(description: "not within \(limit): \(what)") }
        try await Task.sleep(for: .milliseconds(20))
    }
}

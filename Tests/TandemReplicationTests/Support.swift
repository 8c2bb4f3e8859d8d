import Foundation
import Logging
import MySQLConnector
import MySQLTestServer
import Testing

@testable import TandemReplication

let quietLogger = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })

let secrets = DatabaseSecrets(
    root: "unused", replication: "repl's \\ secret", clone: "clone's secret", monitor: "mon\"itor", app: "p@ss/w:rd '",
    appRead: "read`er\\")

/// One server for the tests that leave it as usable as they found it; it ends with the test process.
enum SharedServer {
    private static let task = Task {
        let server = try await MySQLTestServer.start(
            address: "127.200.1.1", settings: "require_secure_transport = ON")
        try server.sql(plugins)
        return server
    }

    static var server: MySQLTestServer {
        get async throws { try await task.value }
    }

    /// As my.cnf has it for every server of a stack.
    static let plugins = """
        INSTALL PLUGIN rpl_semi_sync_source SONAME 'semisync_source.so';
        INSTALL PLUGIN rpl_semi_sync_replica SONAME 'semisync_replica.so';
        INSTALL PLUGIN clone SONAME 'mysql_clone.so';
        SET GLOBAL rpl_semi_sync_source_timeout = 3155760000000;
        """
}

extension MySQLTestServer {
    /// Over the unix socket, as an agent comes.
    var rootConfiguration: MySQLConfiguration {
        MySQLConfiguration(address: .unixSocket(socketPath), username: "root", password: "", tls: .disable)
    }

    func configuration(_ user: String, _ password: String, database: String? = nil) -> MySQLConfiguration {
        MySQLConfiguration(
            address: .tcp(host: address, port: port), username: user, password: password, database: database,
            tls: .require(caFile: caFile, verifyServerName: true))
    }

    /// Runs the closure with a connection, and closes that afterwards.
    func with<Value>(
        _ configuration: MySQLConfiguration? = nil, _ body: (MySQLConnection) async throws -> Value
    ) async throws -> Value {
        let connection = try await MySQLConnection.connect(configuration ?? rootConfiguration, logger: quietLogger)
        do {
            let value = try await body(connection)
            await connection.close()
            return value
        } catch {
            await connection.close()
            throw error
        }
    }
}

/// Waits until a condition holds; the bound is there to end a broken test, not to measure.
func eventually(
    _ what: Comment, sourceLocation: SourceLocation = #_sourceLocation, _ condition: () async throws -> Bool
) async throws {
    let deadline = ContinuousClock.now + .seconds(30)
    while try await !condition() {
        guard ContinuousClock.now < deadline else {
            Issue.record(what, sourceLocation: sourceLocation)
            return
        }
        try await Task.sleep(for: .milliseconds(10))
    }
}

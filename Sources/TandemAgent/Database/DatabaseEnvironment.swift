import Logging
import MySQLConnector
import TandemBlueprint
import TandemReplication
import TandemStack

/// What the database's part of an agent needs to know. All of it is fixed while the agent runs.
struct DatabaseEnvironment: Sendable {
    var applied: AppliedStack
    var secrets: DatabaseSecrets
    var layout: Layout
    var host: Host
    var recordFolder: String
    var logger: Logger

    /// A connection as administrator to a server on this host.
    /// - Parameter queryTimeout: how long the server may be silent; nil: without end.
    func connect(socket: String? = nil, queryTimeout: Duration? = nil) async throws -> MySQLConnection {
        var configuration = MySQLConfiguration(
            address: .unixSocket(socket ?? layout.mysqlSocket), username: DatabaseUser.root, password: secrets.root,
            database: nil, tls: .disable)
        configuration.connectTimeout = .seconds(2)
        configuration.queryTimeout = queryTimeout
        let connection = try await MySQLConnection.connect(configuration, logger: logger)
        // Nothing that an agent runs may hang behind somebody's lock for a day (the default is 31,536,000 s).
        try await connection.execute("SET SESSION lock_wait_timeout = 10")
        return connection
    }

    /// A connection for as long as the closure takes.
    func withConnection<Value: Sendable>(
        queryTimeout: Duration? = nil, _ body: @Sendable (MySQLConnection) async throws -> Value
    ) async throws -> Value {
        let connection = try await connect(queryTimeout: queryTimeout)
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

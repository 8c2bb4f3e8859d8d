import Logging
import MySQLConnector

/// The two ways to the database.
struct Database: Sendable {
    let reads: MySQLClient
    let writes: MySQLClient

    init(_ settings: Settings, logger: Logger) {
        reads = Self.client(settings.reads, connections: settings.readConnections, logger: logger)
        writes = Self.client(settings.writes, connections: settings.writeConnections, logger: logger)
    }

    private static func client(_ configuration: MySQLConfiguration, connections: Int, logger: Logger) -> MySQLClient {
        var options = MySQLPoolOptions(maximumConnections: connections)
        options.acquireTimeout = .seconds(3)
        options.backoff = .milliseconds(25) ... .milliseconds(500)
        return MySQLClient(configuration: configuration, options: options, logger: logger)
    }
}

extension MySQLConnection {
    /// The name or address that the server at the other end gives of itself.
    func serverName() async throws -> String {
        let row = try await query("SELECT COALESCE(NULLIF(@@report_host, ''), @@hostname) AS name")[0]
        return try row.decode("name", as: String.self)
    }
}

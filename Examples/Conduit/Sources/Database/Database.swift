import HummingbirdTandemMySQL
import Logging
import MySQLConnector
import TandemMySQL

extension MySQLClusterConfiguration {
    /// What suits a web application: better refuse than pile up.
    mutating func adapt(readConnections: Int, writeConnections: Int) {
        readPool.maximumConnections = readConnections
        writePool.maximumConnections = writeConnections
        // A read that hangs is better refused; a write may have to wait for the replica.
        reader.queryTimeout = .seconds(5)
        writer.queryTimeout = .seconds(30)
        reader.connectTimeout = .seconds(2)
        writer.connectTimeout = .seconds(2)
        readHoldLimit = .seconds(3)
    }
}

extension MySQLConnection {
    /// The name or address that the server at the other end gives of itself.
    func serverName() async throws -> String {
        let row = try await query("SELECT COALESCE(NULLIF(@@report_host, ''), @@hostname) AS name")[0]
        return try row.decode("name", as: String.self)
    }
}

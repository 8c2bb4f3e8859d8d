public import MySQLConnector

/// A row that the primary writes each second. That it comes back acknowledged proves that the partner has everything
/// before it, and its age on a replica is the true lag.
public enum Heartbeat {
    static let createTable = """
        CREATE TABLE IF NOT EXISTS tandem.heartbeat (
            id TINYINT UNSIGNED PRIMARY KEY, epoch BIGINT UNSIGNED NOT NULL, beat_at DATETIME(6) NOT NULL)
        """

    /// The time between two beats.
    public static let interval = Duration.seconds(1)

    /// Writes one beat. In a pair it returns once the partner has it on disk, and waits without end until then.
    public static func beat(epoch: some BinaryInteger, on connection: MySQLConnection) async throws {
        try await connection.execute("REPLACE INTO tandem.heartbeat VALUES (1, \(epoch), UTC_TIMESTAMP(6))")
    }

    /// How far a replica is behind, in seconds; nil before the first beat has arrived.
    ///
    /// A beat is up to one interval old when it is the newest there is, so that much is taken off.
    public static func lagSeconds(on connection: MySQLConnection) async throws -> Double? {
        let age = try await connection.first(
            "SELECT TIMESTAMPDIFF(MICROSECOND, beat_at, UTC_TIMESTAMP(6)) FROM tandem.heartbeat WHERE id = 1",
            as: Int.self)
        return age.map { max(0, Double($0) / 1_000_000 - 1) }
    }
}

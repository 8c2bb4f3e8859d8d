public import MySQLConnector

/// What a server is told when it is a replica.
public struct ReplicaRole: Sendable {
    /// The primary's address.
    public var sourceAddress: String
    public var sourcePort: Int
    public var password: String
    /// The stack's CA.
    public var caFile: String
    /// Whether this is the partner, whose acknowledgement the primary waits for.
    public var acknowledges: Bool

    public init(sourceAddress: String, sourcePort: Int, password: String, caFile: String, acknowledges: Bool) {
        self.sourceAddress = sourceAddress
        self.sourcePort = sourcePort
        self.password = password
        self.caFile = caFile
        self.acknowledges = acknowledges
    }

    /// Makes the server follow the primary. It stays read-only, and closed to ordinary clients until `open`.
    ///
    /// A server that follows this primary already is not configured again: that would throw away what it has received
    /// and not yet applied, which in a pair may be all there is of an acknowledged commit.
    public func follow(_ connection: MySQLConnection) async throws {
        let status = try await ReplicaStatus.read(connection)
        let isConfigured = status.map { $0.sourceAddress == sourceAddress && $0.sourcePort == sourcePort } ?? false
        let acknowledgesNow =
            try await connection.first(
                "SELECT @@GLOBAL.rpl_semi_sync_replica_enabled", as: Int.self) == 1
        try await connection.execute("SET GLOBAL super_read_only = ON")
        if isConfigured, status?.isStreaming == true, acknowledgesNow == acknowledges { return }
        if status != nil { try await connection.execute("STOP REPLICA") }
        // Before the applier starts: it would wait for an acknowledgement that nobody gives.
        try await connection.execute("SET GLOBAL rpl_semi_sync_source_enabled = OFF")
        try await connection.execute("SET GLOBAL rpl_semi_sync_replica_enabled = \(acknowledges ? "ON" : "OFF")")
        if !isConfigured { try await connection.execute(changeSource) }
        try await connection.execute("START REPLICA")
    }

    /// Lets ordinary clients in, to read.
    public static func open(_ connection: MySQLConnection) async throws {
        try await connection.execute("SET GLOBAL offline_mode = OFF")
    }

    /// Stops following, so that the primary can stop without waiting for this replica.
    public static func stop(_ connection: MySQLConnection) async throws {
        try await connection.execute("STOP REPLICA")
    }

    /// The statement that says which primary to follow. It holds the password.
    public var changeSource: String {
        """
        CHANGE REPLICATION SOURCE TO SOURCE_HOST = \(SQLText.literal(sourceAddress)), \
        SOURCE_PORT = \(sourcePort), SOURCE_USER = \(SQLText.literal(DatabaseUser.replication)), \
        SOURCE_PASSWORD = \(SQLText.literal(password)), SOURCE_AUTO_POSITION = 1, SOURCE_SSL = 1, \
        SOURCE_SSL_CA = \(SQLText.literal(caFile)), SOURCE_SSL_VERIFY_SERVER_CERT = 1, \
        SOURCE_CONNECT_RETRY = 1, SOURCE_RETRY_COUNT = 0, SOURCE_HEARTBEAT_PERIOD = 1
        """
    }
}

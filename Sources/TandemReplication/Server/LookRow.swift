import MySQLConnector

/// What a look reads: one row, and the list of sessions.
struct LookRow: Sendable {
    var isOffline: Bool
    var isSuperReadOnly: Bool
    var isReadOnly: Bool
    var isSourceSideOn: Bool
    /// A commit waits for the partner for as long as it takes.
    var waitsWithoutEnd: Bool
    var isReplicaSideOn: Bool
    var acknowledges: Bool
    var waits: Bool
    var hasClientsAtWork: Bool
    /// nil: no source is configured.
    var receiverState: String?
    var receiverError: Int
    var receiverErrorAt: String
    /// Moves whenever something arrives.
    var arrivals: String
    var sourceAddress: String?
    var sourcePort: Int
    var applierState: String?
    var hasAppliedAll: Bool
    var isDurable: Bool
    var executed: String
    var received: String
    /// The users with which replicas may connect, with commas between.
    var admitted: String
    var isPrepared: Bool

    /// Where nothing changes accounts it takes no lock that a waiting commit may hold: of accounts it reads the tables,
    /// as SHOW CREATE USER and the like wait behind a CREATE USER that waits.
    static let sql = """
        SELECT @@GLOBAL.offline_mode AS offline, @@GLOBAL.super_read_only AS super_read_only,
        @@GLOBAL.read_only AS read_only, @@GLOBAL.rpl_semi_sync_source_enabled AS source_side,
        \(EndlessWait.isSet) AS waits_without_end, @@GLOBAL.rpl_semi_sync_replica_enabled AS replica_side,
        COALESCE((SELECT VARIABLE_VALUE FROM performance_schema.global_status
            WHERE VARIABLE_NAME = 'Rpl_semi_sync_replica_status'), 'OFF') = 'ON' AS acknowledges,
        CAST(c.SERVICE_STATE AS CHAR) AS receiver_state, COALESCE(c.LAST_ERROR_NUMBER, 0) AS receiver_error,
        COALESCE(CAST(c.LAST_ERROR_TIMESTAMP AS CHAR), '') AS receiver_error_at,
        CONCAT_WS('/', c.COUNT_RECEIVED_HEARTBEATS, c.LAST_QUEUED_TRANSACTION, c.RECEIVED_TRANSACTION_SET) AS arrivals,
        (SELECT HOST FROM performance_schema.replication_connection_configuration
            WHERE CHANNEL_NAME = '') AS source_address,
        COALESCE((SELECT PORT FROM performance_schema.replication_connection_configuration
            WHERE CHANNEL_NAME = ''), 0) AS source_port,
        (SELECT CAST(SERVICE_STATE AS CHAR) FROM performance_schema.replication_applier_status
            WHERE CHANNEL_NAME = '') AS applier_state,
        COALESCE(GTID_SUBSET(c.RECEIVED_TRANSACTION_SET, @@GLOBAL.gtid_executed), 1) AS applied_all,
        \(DurableCommits.isSet) AS durable,
        @@GLOBAL.gtid_executed AS executed, COALESCE(c.RECEIVED_TRANSACTION_SET, '') AS received,
        COALESCE((SELECT GROUP_CONCAT(user) FROM mysql.user WHERE user LIKE '\(ReplicationAccount.pattern)'
            AND host = '%' AND account_locked = 'N'), '') AS admitted,
        EXISTS (SELECT 1 FROM mysql.global_grants WHERE user = '\(DatabaseUser.closer)' AND host = '%'
            AND priv = 'SYSTEM_VARIABLES_ADMIN') AS prepared
        FROM (SELECT 1) AS one LEFT JOIN performance_schema.replication_connection_status AS c ON c.CHANNEL_NAME = ''
        """

    static func read(_ connection: MySQLConnection) async throws -> LookRow {
        guard let row = try await connection.execute(sql).first else {
            throw DatabaseServerError("a look at the server showed nothing")
        }
        let sessions = try await AgentSessions.list(connection)
        func flag(_ name: String) throws -> Bool { try row.decode(name, as: Int.self) != 0 }
        return LookRow(
            isOffline: try flag("offline"), isSuperReadOnly: try flag("super_read_only"),
            isReadOnly: try flag("read_only"), isSourceSideOn: try flag("source_side"),
            waitsWithoutEnd: try flag("waits_without_end"),
            isReplicaSideOn: try flag("replica_side"), acknowledges: try flag("acknowledges"),
            waits: sessions.contains(where: \.waitsForAcknowledgement),
            hasClientsAtWork: sessions.contains(where: \.isClientAtWork),
            receiverState: try row.decode("receiver_state", as: String?.self),
            receiverError: try row.decode("receiver_error", as: Int.self),
            receiverErrorAt: try row.decode("receiver_error_at", as: String.self),
            arrivals: try row.decode("arrivals", as: String.self),
            sourceAddress: try row.decode("source_address", as: String?.self),
            sourcePort: try row.decode("source_port", as: Int.self),
            applierState: try row.decode("applier_state", as: String?.self),
            hasAppliedAll: try flag("applied_all"), isDurable: try flag("durable"),
            executed: try row.decode("executed", as: String.self),
            received: try row.decode("received", as: String.self),
            admitted: try row.decode("admitted", as: String.self), isPrepared: try flag("prepared"))
    }
}

extension LookRow {
    /// The source purged what this server would need, or lacks what it has, or cannot read its binary log.
    static let refusal = 13114

    var isReceiverOff: Bool { receiverState == nil || receiverState == "OFF" }

    var isRefused: Bool { isReceiverOff && receiverError == Self.refusal }
}

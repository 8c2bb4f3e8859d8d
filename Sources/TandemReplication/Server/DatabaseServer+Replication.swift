import Logging
import MySQLConnector
import TandemFailover

extension DatabaseServer {
    /// Pointing it elsewhere throws away what was received: MySQL refuses that while the applier or the receiver runs.
    func startReceiver(from host: HostID) async throws {
        guard let address = settings.servers[host] else {
            throw DatabaseServerError(
                "host \(settings.names.name(host) ?? "\(host.index)") has no database server to replicate from")
        }
        let connection = try await commandConnection()
        let wanted = SourceConfiguration(
            address: address, user: settings.replicationUser(settings.host),
            password: settings.replicationPasswords[settings.host] ?? "", caFile: settings.caFile)
        let acknowledges =
            try await connection.first("SELECT @@GLOBAL.rpl_semi_sync_replica_enabled", as: Int.self) == 1
        let present = try await SourceConfiguration.read(connection)
        if acknowledges, present?.address == address, try await !LookRow.read(connection).hasAppliedAll {
            throw DatabaseServerError("what was received before may not be on disk, and is not applied yet")
        }
        try await syncRelayLog(acknowledges)
        if present?.address != address {
            try await execute(wanted.change, on: connection)
        } else if present != wanted {
            try await renew(wanted, on: connection)
        }
        try await execute("START REPLICA IO_THREAD", on: connection)
    }

    /// What is acknowledged is on disk before. MySQL syncs its relay log for each event, five times for a small
    /// transaction: a replica that nobody waits for receives several times as much without, and could not catch up with
    /// it.
    func syncRelayLog(_ isStrict: Bool) async throws {
        try await execute("SET GLOBAL sync_relay_log = \(isStrict ? 1 : 1_000)")
    }

    /// Another account or certificate for the same source. A change throws away what was received unless the applier
    /// runs; so where it does not, and something is left to apply, the receiver goes on with what it has.
    private func renew(_ wanted: SourceConfiguration, on connection: MySQLConnection) async throws {
        let row = try await LookRow.read(connection)
        guard row.isReceiverOff, row.applierState == "ON" || row.hasAppliedAll else { return }
        try await execute(wanted.changeOfAccount, on: connection)
    }

    /// How long an applier may take to end by itself.
    private static let applierPatience = Duration.milliseconds(200)

    /// A source that died in the middle of a transaction leaves a part of it in the relay log. MySQL's applier, told to
    /// stop, then waits for the rest of it for a minute (`SLAVE_WAIT_GROUP_DONE` in its source; seen with 9.7), and the
    /// statement with it. Killed, the applier ends at once, and what it had of that transaction is rolled back.
    func stopApplier() async throws {
        let connection = try await commandConnection()
        let hurry = Task {
            try await Task.sleep(for: Self.applierPatience)
            while !Task.isCancelled {
                let other = try await looks.open()
                for session in try await AgentSessions.list(other) where session.isApplierAtTheEnd {
                    logger.notice("the applier waits for the rest of a transaction that will not come: ending it")
                    try await AgentSessions.kill(session.id, on: other)
                }
                try await Task.sleep(for: Self.applierPatience)
            }
        }
        defer { hurry.cancel() }
        try await execute("STOP REPLICA SQL_THREAD", on: connection)
    }

    func stopReceiver() async throws {
        let connection = try await commandConnection()
        try await execute("STOP REPLICA IO_THREAD", on: connection)
        while true {
            try Task.checkCancellation()
            let row = try await LookRow.read(connection)
            if row.isReceiverOff {
                settledRefusal = row.isRefused ? row.receiverErrorAt : nil
                return
            }
            // A change of primary waits for this.
            try await Task.sleep(for: .milliseconds(3))
        }
    }
}

/// Where a server replicates from, and how.
struct SourceConfiguration: Equatable {
    var address: DatabaseServerSettings.Address
    var user: String
    var password: String
    var caFile: String

    /// nil: it replicates from nowhere.
    static func read(_ connection: MySQLConnection) async throws -> SourceConfiguration? {
        let row = try await connection.execute(
            """
            SELECT Host, Port, User_name, User_password, Ssl_ca FROM mysql.slave_master_info WHERE Channel_name = ''
            """
        ).first
        guard let row, let host = try row.decode("Host", as: String?.self), !host.isEmpty else { return nil }
        return SourceConfiguration(
            address: .init(address: host, port: try row.decode("Port", as: Int.self)),
            user: try row.decode("User_name", as: String?.self) ?? "",
            password: try row.decode("User_password", as: String?.self) ?? "",
            caFile: try row.decode("Ssl_ca", as: String?.self) ?? "")
    }

    private var account: String {
        """
        SOURCE_USER = \(SQLText.literal(user)), SOURCE_PASSWORD = \(SQLText.literal(password)), SOURCE_SSL = 1, \
        SOURCE_SSL_CA = \(SQLText.literal(caFile)), SOURCE_SSL_VERIFY_SERVER_CERT = 1
        """
    }

    /// It holds the password.
    var change: String {
        """
        CHANGE REPLICATION SOURCE TO SOURCE_HOST = \(SQLText.literal(address.address)), SOURCE_PORT = \(address.port), \
        \(account), SOURCE_AUTO_POSITION = 1, SOURCE_CONNECT_RETRY = 1, SOURCE_RETRY_COUNT = 0, SOURCE_HEARTBEAT_PERIOD = 1
        """
    }

    var changeOfAccount: String { "CHANGE REPLICATION SOURCE TO \(account)" }
}

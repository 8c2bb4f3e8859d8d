import MySQLConnector

/// Whether commits are on disk before they are answered: `sync_binlog` and `innodb_flush_log_at_trx_commit`
/// (https://dev.mysql.com/doc/refman/9.7/en/replication-solutions-unexpected-replica-halt.html).
enum DurableCommits {
    static let isSet = "(@@GLOBAL.sync_binlog = 1 AND @@GLOBAL.innodb_flush_log_at_trx_commit = 1)"

    /// Otherwise what is committed is with the operating system, so that only the machine's end loses it.
    static func statement(_ isOn: Bool) -> String {
        "SET GLOBAL sync_binlog = \(isOn ? 1 : 0), GLOBAL innodb_flush_log_at_trx_commit = \(isOn ? 1 : 2)"
    }
}

extension DatabaseServer {
    /// Of what was committed before, this writes down the storage engine's part, not the binary logs.
    func setDurability(_ isOn: Bool) async throws {
        try await execute(DurableCommits.statement(isOn))
        if isOn { try await execute("FLUSH LOCAL ENGINE LOGS") }
    }

    func checkCommitsAreDurable() async throws {
        let isDurable = try await commandConnection().first("SELECT \(DurableCommits.isSet)", as: Int.self) == 1
        guard isDurable else { throw DatabaseServerError("its commits are not on disk before they are answered") }
    }
}

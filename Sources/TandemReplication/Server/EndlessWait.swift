import Logging
import MySQLConnector

/// What makes a commit of a pair wait for the partner for as long as it takes. my.cnf says so too; but a running server
/// is told otherwise by anybody who may, and with a timeout, it acknowledges what the partner never got.
enum EndlessWait {
    /// Global variables and their values, as SQL.
    static let settings = [
        ("rpl_semi_sync_source_timeout", "3155760000000"),
        ("rpl_semi_sync_source_wait_no_replica", "1"),
        ("rpl_semi_sync_source_wait_for_replica_count", "1"),
        ("rpl_semi_sync_source_wait_point", "'AFTER_SYNC'"),
    ]

    /// An expression: whether all are as they should be.
    static let isSet = "(\(settings.map { "@@GLOBAL.\($0) = \($1)" }.joined(separator: " AND ")))"
}

extension DatabaseServer {
    /// Sets what is not as it should be; of a server that refuses, the next look finds it again.
    func waitWithoutEnd() async {
        if wrongWaits.tells("", at: .now) {
            logger.warning(
                """
                somebody has changed how long this server's commits wait for the partner (rpl_semi_sync_source_timeout and its like): acknowledged writes could be \
                lost. It is set again
                """)
        }
        for (name, value) in EndlessWait.settings {
            // Not on the connection for commands, on which one may wait for a while.
            do { try await looks.open().execute("SET GLOBAL \(name) = \(value)") } catch {
                logger.error("\(name) could not be set to \(value): \(error)")
            }
        }
    }
}

/// What speaks to the server. Blocking, and confined to one connection's thread.
///
/// The connection and everything above it know only this, so that the client library underneath can be replaced.
protocol Wire: AnyObject {
    var serverVersion: String { get }
    /// The server's number for this session, as in SHOW PROCESSLIST.
    var connectionID: UInt64 { get }
    /// As the server's last answer said.
    var isInTransaction: Bool { get }

    /// Whether a statement since the last reset may have left something behind that the session's next user must not see.
    var isTouched: Bool { get }

    /// Runs a prepared statement over the binary protocol.
    func query(_ query: MySQLQuery) throws(MySQLError) -> MySQLResult
    /// Runs a statement over the text protocol, and reads all its results.
    func execute(_ sql: String) throws(MySQLError) -> MySQLResult
    /// Gives back a session as new, logged in as the same user.
    func reset() throws(MySQLError)
    /// Idempotent.
    func close()
}

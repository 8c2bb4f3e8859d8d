/// What speaks to the server. Blocking, and confined to one connection's thread.
///
/// The connection and everything above it know only this, so that the client library underneath can be replaced.
protocol Wire: AnyObject {
    var serverVersion: String { get }
    /// The server's number for this session, as in SHOW PROCESSLIST.
    var connectionID: UInt64 { get }
    /// The server's own name of itself, for all its life: `@@server_uuid`.
    var serverUUID: String { get }
    /// As the server's last answer said.
    var isInTransaction: Bool { get }

    /// Whether a statement since the last reset may have left something behind that the session's next user must not
    /// see.
    var isTouched: Bool { get }

    /// Runs a prepared statement over the binary protocol. Of several results, returns the first that has columns, else
    /// the last.
    func query(_ query: MySQLQuery) throws(MySQLError) -> MySQLResult
    /// The same, with all results.
    func queryAll(_ query: MySQLQuery) throws(MySQLError) -> [MySQLResult]
    /// Runs a statement over the text protocol, and reads all its results.
    func execute(_ sql: String) throws(MySQLError) -> [MySQLResult]

    /// Begins a transaction.
    func begin(_ options: MySQLTransactionOptions) throws(MySQLError)

    /// Runs a prepared statement whose rows are then fetched in pieces. Nothing else may run until the last piece has
    /// come.
    ///
    /// - Returns: the columns of the first result; none when it has no rows to fetch, and nothing is open then.
    func open(_ query: MySQLQuery) throws(MySQLError) -> [MySQLColumn]
    /// The next rows of what `open` began. An error ends it, too.
    func fetch(_ limit: RowBatch.Limit) throws(MySQLError) -> RowBatch
    /// Throws away rows of what `open` began.
    ///
    /// - Parameter patience: how long to wait for more of them to come.
    /// - Returns: whether the end was reached; false when the bound came first, or the server was silent for too long.
    func skip(maximumBytes: Int, patience: Duration) throws(MySQLError) -> Bool

    /// Asks the server for a sign of life.
    func ping() throws(MySQLError)
    /// Runs a statement that does nothing, and may be killed instead of doing it.
    func clearKill() throws(MySQLError)
    /// Gives back a session as new, logged in as the same user.
    func reset() throws(MySQLError)
    /// Idempotent.
    func close()
}

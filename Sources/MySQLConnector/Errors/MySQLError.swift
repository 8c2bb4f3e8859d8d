/// What went wrong between this program and a MySQL server.
///
/// ``description`` is safe to log: it has the statement's text with its placeholders, never a bound value, and leaves
/// out what the server quotes from the data. ``message`` and `String(reflecting:)` have everything.
public struct MySQLError: Error, Sendable {
    /// The kinds of failure. More may be added, so a `switch` needs a `default`.
    public struct Code: Sendable, Hashable, CustomStringConvertible {
        public let description: String

        /// The server refused the statement; see ``MySQLError/serverErrorNumber``.
        public static let server = Code(description: "server")
        /// No connection could be made: refused, unreachable, TLS, log-in.
        public static let connectFailed = Code(description: "connectFailed")
        /// The connection was closed, or broke while a statement ran: whether that was carried out is unknown.
        public static let connectionClosed = Code(description: "connectionClosed")
        /// Rows of an earlier statement are still being read on the connection.
        public static let connectionBusy = Code(description: "connectionBusy")
        /// The server was silent for longer than ``MySQLConfiguration/queryTimeout``.
        public static let queryTimeout = Code(description: "queryTimeout")
        /// COMMIT was sent and its answer never came: the transaction may be committed or not.
        public static let commitOutcomeUnknown = Code(description: "commitOutcomeUnknown")
        /// A bound value does not fit its statement.
        public static let bindingMismatch = Code(description: "bindingMismatch")
        /// A value cannot be turned into the type that was asked for.
        public static let decodingFailed = Code(description: "decodingFailed")
        /// The result has a column of a type that this library cannot read.
        public static let unsupportedType = Code(description: "unsupportedType")
        /// The result is larger than ``MySQLConfiguration/maximumResultBytes``.
        public static let resultTooLarge = Code(description: "resultTooLarge")
        /// No connection became free in time.
        public static let poolTimeout = Code(description: "poolTimeout")
        /// Too many tasks wait for a connection already.
        public static let poolQueueFull = Code(description: "poolQueueFull")
        /// No server of a cluster could take it in time; nothing was carried out.
        public static let noServer = Code(description: "noServer")
        /// The client was shut down.
        public static let poolClosed = Code(description: "poolClosed")
        /// The configuration makes no sense.
        public static let invalidConfiguration = Code(description: "invalidConfiguration")
        /// The operating system or the library gave no memory or thread.
        public static let outOfResources = Code(description: "outOfResources")
    }

    public var code: Code
    /// The number that the server gave, or Connector/C for its own errors (2000 to 2999, 5000 and up).
    public var serverErrorNumber: Int?
    /// Five characters, such as `23000`.
    public var sqlState: String?
    /// The full message; a server's message may quote data.
    public var message: String
    /// The statement, with `?` where values were bound.
    public var statement: String?
    /// Where the statement was run from.
    public var file: String?
    public var line: Int?

    public init(code: Code, message: String, serverErrorNumber: Int? = nil, sqlState: String? = nil) {
        self.code = code
        self.message = message
        self.serverErrorNumber = serverErrorNumber
        self.sqlState = sqlState
    }

    static func resultTooLarge(maximumBytes: Int) -> MySQLError {
        MySQLError(
            code: .resultTooLarge,
            message: "the result is larger than \(maximumBytes) bytes; ask for less at a time, or read it as a stream")
    }

    func at(statement: String?, file: String, line: Int) -> MySQLError {
        var error = self
        error.statement = error.statement ?? statement
        error.file = error.file ?? file
        error.line = error.line ?? line
        return error
    }
}

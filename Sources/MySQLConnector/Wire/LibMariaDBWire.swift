import CMariaDB

/// The wire on MariaDB Connector/C.
final class LibMariaDBWire: Wire {
    let serverVersion: String
    let connectionID: UInt64
    private let handle: UnsafeMutablePointer<MYSQL>
    private let socket: ConnectionSocket
    private let configuration: MySQLConfiguration
    private var statements: StatementCache
    private var isClosed = false
    private(set) var isTouched = false

    /// - Parameter handle: connected; this object closes it from now on.
    init(handle: UnsafeMutablePointer<MYSQL>, configuration: MySQLConfiguration, socket: ConnectionSocket) {
        self.handle = handle
        self.configuration = configuration
        self.socket = socket
        serverVersion = mysql_get_server_info(handle).map { String(cString: $0) } ?? ""
        connectionID = UInt64(mysql_thread_id(handle))
        statements = StatementCache(capacity: configuration.statementCacheCapacity)
        socket.attach(Int32(mysql_get_socket(handle)))
    }

    deinit { close() }

    var isInTransaction: Bool { handle.pointee.server_status & UInt32(SERVER_STATUS_IN_TRANS) != 0 }

    /// The columns of `SELECT *` became more or fewer since it was prepared: Connector/C gives up then, after the server ran it.
    private static let columnsChanged = 2057

    func query(_ query: MySQLQuery) throws(MySQLError) -> MySQLResult {
        try checkOpen()
        do throws(MySQLError) {
            return try run(query)
        } catch {
            guard error.serverErrorNumber == Self.columnsChanged, SessionEffect.isPlainRead(query.sql) else {
                throw error
            }
            return try run(query)
        }
    }

    private func run(_ query: MySQLQuery) throws(MySQLError) -> MySQLResult {
        let statement: PreparedStatement
        if let cached = statements[query.sql] {
            statement = cached
        } else {
            statement = try PreparedStatement(preparing: query.sql, on: handle)
            statements[query.sql] = statement
        }
        noteEffect(statement.effect)
        do throws(MySQLError) {
            return try statement.execute(
                query.bindings, on: handle, maximumResultBytes: configuration.maximumResultBytes)
        } catch {
            // The next use prepares afresh, which also heals a statement whose tables were altered.
            statements[query.sql] = nil
            throw error
        }
    }

    func execute(_ sql: String) throws(MySQLError) -> MySQLResult {
        try checkOpen()
        noteEffect(SessionEffect(of: sql))
        return try TextStatement(handle: handle, maximumResultBytes: configuration.maximumResultBytes).execute(sql)
    }

    func reset() throws(MySQLError) {
        try checkOpen()
        // The server forgets its prepared statements here, and Connector/C knows: closing ours afterwards sends nothing.
        guard mysql_reset_connection(handle) == 0 else { throw handle.lastError() }
        statements.removeAll()
        try prepareSession()
    }

    /// Settings that the values' meaning rests on; a reset undoes them.
    func prepareSession() throws(MySQLError) {
        let gtids = configuration.tracksGTIDs ? ", session_track_gtids = OWN_GTID" : ""
        _ = try execute("SET time_zone = '+00:00'\(gtids)")
        isTouched = false
    }

    func close() {
        guard !isClosed else { return }
        isClosed = true
        socket.detach()
        // In this order, or each cached statement would send a packet of its own.
        mysql_close(handle)
        statements.removeAll()
    }

    private func noteEffect(_ effect: SessionEffect) {
        if effect == .possible { isTouched = true }
    }

    private func checkOpen() throws(MySQLError) {
        guard !isClosed else { throw MySQLError(code: .connectionClosed, message: "the connection is closed") }
    }
}

extension UnsafeMutablePointer<MYSQL> {
    /// What the library last reported on this handle.
    func lastError(code: MySQLError.Code = .server) -> MySQLError {
        MySQLError.reported(
            code: code, number: Int(mysql_errno(self)), sqlState: mysql_sqlstate(self), message: mysql_error(self))
    }

    /// The GTID that came with the last answer.
    func trackedGTID() -> String? {
        var data: UnsafePointer<CChar>?
        var length = 0
        guard mysql_session_track_get_first(self, SESSION_TRACK_GTIDS, &data, &length) == 0, let data, length > 0 else {
            return nil
        }
        return String(decoding: UnsafeRawBufferPointer(start: data, count: length), as: UTF8.self)
    }
}

extension MySQLError {
    static func reported(
        code: Code, number: Int, sqlState: UnsafePointer<CChar>?, message: UnsafePointer<CChar>?
    ) -> MySQLError {
        let error = MySQLError(
            code: code, message: message.map { String(cString: $0) } ?? "no message", serverErrorNumber: number,
            sqlState: sqlState.map { String(cString: $0) })
        guard code == .server, error.breaksLink else { return error }
        var broken = error
        broken.code = .connectionClosed
        return broken
    }
}

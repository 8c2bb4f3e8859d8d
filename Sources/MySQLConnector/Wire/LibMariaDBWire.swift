import CMariaDB
import Glibc

/// The wire on MariaDB Connector/C.
final class LibMariaDBWire: Wire {
    let serverVersion: String
    let connectionID: UInt64
    let handle: UnsafeMutablePointer<MYSQL>
    let socket: ConnectionSocket
    let configuration: MySQLConfiguration
    var statements: StatementCache
    var cursor: RowCursor?
    private var isClosed = false
    private(set) var isTouched = false
    private(set) var serverUUID = ""

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

    func execute(_ sql: String) throws(MySQLError) -> [MySQLResult] {
        try checkOpen()
        noteEffect(SessionEffect(of: sql))
        return try text.execute(sql)
    }

    func ping() throws(MySQLError) {
        try checkOpen()
        try withPromptAnswer { () throws(MySQLError) in
            guard mysql_ping(handle) == 0 else { throw handle.lastError() }
        }
    }

    func clearKill() throws(MySQLError) {
        try checkOpen()
        do throws(MySQLError) {
            _ = try text.execute("DO 0")
        } catch {
            guard error.serverErrorNumber == MySQLError.queryInterrupted else { throw error }
        }
    }

    func begin(_ options: MySQLTransactionOptions) throws(MySQLError) {
        try checkOpen()
        // Not noted as an effect: SET TRANSACTION is for the next transaction, which begins at once.
        for statement in options.statements { _ = try text.execute(statement) }
    }

    private var text: TextStatement {
        TextStatement(handle: handle, maximumResultBytes: configuration.maximumResultBytes)
    }

    func reset() throws(MySQLError) {
        try checkOpen()
        try withPromptAnswer { () throws(MySQLError) in
            // The server forgets its prepared statements here, and Connector/C knows: closing ours afterwards sends
            // nothing.
            guard mysql_reset_connection(handle) == 0 else { throw handle.lastError() }
            cursor = nil
            statements.removeAll()
            try prepareSession()
        }
    }

    /// What a server answers at once or, when it hangs, never; and nobody who waits could cancel it.
    private func withPromptAnswer(_ body: () throws(MySQLError) -> Void) throws(MySQLError) {
        let limit = configuration.connectTimeout
        cmariadb_set_io_timeout(handle, Int32(Self.milliseconds(min(limit, configuration.queryTimeout ?? limit))))
        defer { cmariadb_set_io_timeout(handle, configuration.queryTimeout.map { Int32(Self.milliseconds($0)) } ?? 0) }
        try body()
    }

    /// Asks the server who it is, once. A server that does not know is none whose statements can be ended from outside.
    func identifyServer() throws(MySQLError) {
        do throws(MySQLError) {
            guard case .text(let uuid)? = try text.execute("SELECT @@server_uuid").first?.first?[0] else { return }
            serverUUID = uuid
        } catch  where error.code != .server {
            throw error
        } catch {}
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
        cursor = nil
        statements.removeAll()
    }

    func noteEffect(_ effect: SessionEffect) {
        if effect == .possible { isTouched = true }
    }

    func checkOpen() throws(MySQLError) {
        guard !isClosed else { throw MySQLError(code: .connectionClosed, message: "the connection is closed") }
    }
}

extension UnsafeMutablePointer<MYSQL> {
    /// What the library last reported on this handle.
    func lastError(code: MySQLError.Code = .server) -> MySQLError {
        MySQLError.reported(
            code: code, number: Int(mysql_errno(self)), sqlState: mysql_sqlstate(self), message: mysql_error(self))
    }

    /// So that nothing is read any more of a result that is too large to read; the library would take in the rest of
    /// it.
    func cutOff() { shutdown(Int32(mysql_get_socket(self)), Int32(SHUT_RDWR)) }

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

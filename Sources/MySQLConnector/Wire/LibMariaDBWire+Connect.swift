import CMariaDB
import Glibc

extension LibMariaDBWire {
    private static let libraryIsReady: Bool = {
        // Before anything uses OpenSSL, which Connector/C sets up with its first connection.
        cmariadb_keep_tls_at_exit()
        return mysql_server_init(0, nil, nil) == 0
    }()

    /// Connects and logs in; blocks for at most about the connect timeout (name look-up comes on top).
    static func connect(_ configuration: MySQLConfiguration, socket: ConnectionSocket) throws(MySQLError)
        -> LibMariaDBWire
    {
        guard libraryIsReady, let handle = mysql_init(nil) else {
            throw MySQLError(
                code: .outOfResources, message: "the MySQL client library could not be set up: out of memory")
        }
        do throws(MySQLError) {
            try configure(handle, configuration)
            try dial(handle, configuration)
        } catch {
            mysql_close(handle)
            throw error
        }
        cmariadb_set_io_timeout(handle, configuration.queryTimeout.map { Int32(milliseconds($0)) } ?? 0)
        cmariadb_wait_in_read(handle)
        let wire = LibMariaDBWire(handle: handle, configuration: configuration, socket: socket)
        try wire.prepareSession()
        try wire.identifyServer()
        return wire
    }

    private static func configure(_ handle: UnsafeMutablePointer<MYSQL>, _ configuration: MySQLConfiguration)
        throws(MySQLError)
    {
        let seconds = UInt32(clamping: max(1, (milliseconds(configuration.connectTimeout) + 999) / 1000))
        for option in [MYSQL_OPT_CONNECT_TIMEOUT, MYSQL_OPT_READ_TIMEOUT, MYSQL_OPT_WRITE_TIMEOUT] {
            set(option, to: seconds, on: handle)
        }
        // A server may otherwise ask for any file that this process can read.
        set(MYSQL_OPT_LOCAL_INFILE, to: UInt32(0), on: handle)
        set(MYSQL_OPT_RECONNECT, to: CChar(0), on: handle)
        set(MYSQL_OPT_MAX_ALLOWED_PACKET, to: UInt(clamping: configuration.maximumPacketBytes), on: handle)
        mysql_options(handle, MYSQL_SET_CHARSET_NAME, "utf8mb4")
        switch configuration.address {
        case .tcp: set(MYSQL_OPT_PROTOCOL, to: MYSQL_PROTOCOL_TCP.rawValue, on: handle)
        case .unixSocket: set(MYSQL_OPT_PROTOCOL, to: MYSQL_PROTOCOL_SOCKET.rawValue, on: handle)
        }
        guard case .require(let caFile, let verifyServerName) = configuration.tls else { return }
        guard !verifyServerName || caFile != nil else {
            throw MySQLError(
                code: .invalidConfiguration, message: "the server's name can only be verified with a CA file")
        }
        set(MYSQL_OPT_SSL_ENFORCE, to: CChar(1), on: handle)
        mysql_options(handle, MYSQL_OPT_TLS_VERSION, "TLSv1.2,TLSv1.3")
        if let caFile {
            guard access(caFile, R_OK) == 0 else {
                throw MySQLError(
                    code: .invalidConfiguration,
                    message: "the CA file \(caFile) cannot be read: \(String(cString: strerror(errno)))")
            }
            mysql_options(handle, MYSQL_OPT_SSL_CA, caFile)
        }
        set(MYSQL_OPT_SSL_VERIFY_SERVER_CERT, to: CChar(verifyServerName ? 1 : 0), on: handle)
    }

    private static func dial(_ handle: UnsafeMutablePointer<MYSQL>, _ configuration: MySQLConfiguration)
        throws(MySQLError)
    {
        let host: String?
        let port: Int
        let path: String?
        switch configuration.address {
        case .tcp(let name, let number): (host, port, path) = (name, number, nil)
        case .unixSocket(let name): (host, port, path) = (nil, 0, name)
        }
        let connected = mysql_real_connect(
            handle, host, configuration.username, configuration.password, configuration.database,
            UInt32(clamping: port), path,
            UInt(CLIENT_MULTI_RESULTS))
        guard connected != nil else {
            var error = handle.lastError(code: .connectFailed)
            error.message = "connecting to MySQL as \(configuration) failed: \(error.message)"
            throw error
        }
    }

    private static func set<Value: BitwiseCopyable>(
        _ option: mysql_option, to value: Value, on handle: UnsafeMutablePointer<MYSQL>
    ) {
        withUnsafePointer(to: value) { _ = mysql_options(handle, option, $0) }
    }

    /// At least one, at most what a C int holds.
    static func milliseconds(_ duration: Duration) -> Int {
        let (seconds, attoseconds) = duration.components
        return max(
            1, min(Int(Int32.max), Int(min(seconds, 2_000_000)) * 1000 + Int(attoseconds / 1_000_000_000_000_000)))
    }
}

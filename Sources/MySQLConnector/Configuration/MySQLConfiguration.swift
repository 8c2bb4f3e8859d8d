/// Where a MySQL server is, and how to log in.
public struct MySQLConfiguration: Sendable, Hashable {
    public enum Address: Sendable, Hashable {
        /// A host name or address, and a port. The name `localhost` means TCP too.
        case tcp(host: String, port: Int)
        /// The path of a unix socket.
        case unixSocket(String)
    }

    public enum TLS: Sendable, Hashable {
        /// Plain text. Over TCP this also fetches the server's RSA key unauthenticated when the server has not cached
        /// the password: use it on loopback or unix sockets only.
        case disable
        /// TLS 1.2 or later, or no connection.
        ///
        /// - Parameters:
        ///   - caFile: PEM file with the authorities that may have signed the server's certificate. `nil` encrypts
        ///     without knowing who is at the other end.
        ///   - verifyServerName: whether the certificate must also name the host that was dialled. Needs `caFile`.
        case require(caFile: String?, verifyServerName: Bool = true)
    }

    public var address: Address
    public var username: String
    public var password: String
    /// The default schema of the session.
    public var database: String?
    public var tls: TLS
    /// For the TCP connection, and again for each answer of the handshake. Whole seconds; fractions are rounded up.
    public var connectTimeout: Duration = .seconds(5)
    /// How long the server may stay silent while a statement runs. The connection is closed then; the statement may go
    /// on at the server.
    public var queryTimeout: Duration?
    /// Prepared statements kept per connection; the least recently used goes first.
    public var statementCacheCapacity = 256
    /// The largest packet that is sent or accepted. The server has a limit of its own, `max_allowed_packet`.
    public var maximumPacketBytes = 64 << 20
    /// A result with more bytes of data than this is an error, and closes the connection.
    public var maximumResultBytes = 256 << 20
    /// Asks the server to report the GTID of each transaction that this session commits
    /// (`session_track_gtids=OWN_GTID`).
    public var tracksGTIDs = false

    public init(
        address: Address, username: String, password: String, database: String? = nil,
        tls: TLS = .require(caFile: nil, verifyServerName: false)
    ) {
        self.address = address
        self.username = username
        self.password = password
        self.database = database
        self.tls = tls
    }
}

extension MySQLConfiguration.Address: CustomStringConvertible {
    public var description: String {
        switch self {
        case .tcp(let host, let port): host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
        case .unixSocket(let path): path
        }
    }
}

extension MySQLConfiguration {
    func with(_ change: (inout MySQLConfiguration) -> Void) -> MySQLConfiguration {
        var changed = self
        change(&changed)
        return changed
    }
}

extension MySQLConfiguration.Address {
    var shortName: String {
        switch self {
        case .tcp(let host, _): host
        case .unixSocket(let path): path
        }
    }
}

extension MySQLConfiguration: CustomStringConvertible, CustomDebugStringConvertible {
    /// Who and where, without the password.
    public var description: String { "\(username)@\(address)\(database.map { "/" + $0 } ?? "")" }
    public var debugDescription: String { description }
}

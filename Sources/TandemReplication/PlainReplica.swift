/// How a server follows a primary that never changes, in a pair that no agent looks after.
public struct PlainReplica: Sendable {
    /// The primary's address.
    public var sourceAddress: String
    public var sourcePort: Int
    /// Of `DatabaseUser.replication`.
    public var password: String
    /// The stack's CA.
    public var caFile: String

    public init(sourceAddress: String, sourcePort: Int, password: String, caFile: String) {
        self.sourceAddress = sourceAddress
        self.sourcePort = sourcePort
        self.password = password
        self.caFile = caFile
    }

    /// The statement that says which primary to follow. It holds the password.
    public var changeSource: String {
        """
        CHANGE REPLICATION SOURCE TO SOURCE_HOST = \(SQLText.literal(sourceAddress)), \
        SOURCE_PORT = \(sourcePort), SOURCE_USER = \(SQLText.literal(DatabaseUser.replication)), \
        SOURCE_PASSWORD = \(SQLText.literal(password)), SOURCE_AUTO_POSITION = 1, SOURCE_SSL = 1, \
        SOURCE_SSL_CA = \(SQLText.literal(caFile)), SOURCE_SSL_VERIFY_SERVER_CERT = 1, \
        SOURCE_CONNECT_RETRY = 1, SOURCE_RETRY_COUNT = 0, SOURCE_HEARTBEAT_PERIOD = 1
        """
    }
}

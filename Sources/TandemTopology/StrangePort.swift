/// A port on which something that is not of the stack listens for other hosts.
public struct StrangePort: Codable, Sendable, Hashable {
    public var port: Int
    /// The account whose process opened it.
    public var account: String

    public init(port: Int, account: String) {
        self.port = port
        self.account = account
    }
}

/// What of another host answers this one, and is not the stack's.
public struct StrangeAnswers: Codable, Sendable, Equatable {
    public var host: String
    public var ports: [StrangePort]

    public init(host: String, ports: [StrangePort]) {
        self.host = host
        self.ports = ports
    }
}

/// Where an etcd listens for clients.
public struct EtcdEndpoint: Hashable, Sendable, CustomStringConvertible {
    /// An IPv4 address.
    public var address: String
    public var port: Int
    /// The name that its certificate has to have; nil: the address.
    public var name: String?

    public init(address: String, port: Int = 2379, name: String? = nil) {
        self.address = address
        self.port = port
        self.name = name
    }

    public var description: String { "\(name.map { "\($0) " } ?? "")\(address):\(port)" }

    var host: String { name ?? address }
}

public struct EtcdConfiguration: Sendable {
    /// The first is asked first, until it fails or is slow.
    public var endpoints: [EtcdEndpoint]
    /// PEM files.
    public var certificate: String
    public var key: String
    public var ca: String
    /// How long a request may take where the caller does not say.
    public var deadline: Duration = .seconds(2)
    /// Without an answer for so long, another member is asked as well, where that is harmless.
    public var patience: Duration = .milliseconds(400)
    public var connectDeadline: Duration = .seconds(1)
    /// A watch that hears nothing for so long asks anew, of another member: it cannot tell silence from a lost
    /// connection.
    public var watchSilence: Duration = .seconds(15)
    /// Requests under way at the same time; more are not begun.
    public var maximumRequests = 128
    public var maximumWatches = 16
    public var maximumConnectionsPerMember = 8
    public var maximumAnswerBytes = 1 << 20
    /// What a watch hears in one piece. etcd puts many changes together for one that comes late.
    public var maximumWatchBytes = 8 << 20

    public init(endpoints: [EtcdEndpoint], certificate: String, key: String, ca: String) {
        self.endpoints = endpoints
        self.certificate = certificate
        self.key = key
        self.ca = ca
    }
}

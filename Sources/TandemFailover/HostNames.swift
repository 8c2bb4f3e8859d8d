/// The names of a stack's hosts, in the order of the agent's own settings. Numbers mean something inside one agent
/// only: while a change rolls through, two agents have two lists. So names travel, and are written into etcd.
public struct HostNames: Hashable, Sendable {
    public let names: [String]

    /// - Parameter names: of the data hosts and witnesses, at most 64, each once.
    public init(_ names: [String]) {
        precondition(names.count <= HostID.bound && Set(names).count == names.count, "host names are few and unique")
        self.names = names
    }

    public func host(_ name: String) -> HostID? { names.firstIndex(of: name).map { HostID($0) } }

    public func name(_ host: HostID) -> String? { Int(host.index) < names.count ? names[Int(host.index)] : nil }

    /// What an encoder or decoder of hosts needs in its `userInfo`.
    public static let key: CodingUserInfoKey = {
        guard let key = CodingUserInfoKey(rawValue: "tandem.hostNames") else {
            preconditionFailure("a key is a string")
        }
        return key
    }()
}

/// A host is named that these settings do not have. Whoever reads this from etcd tells the reducer
/// `StoreAnswer.unreadable`; a change of settings that takes the recorded primary away is refused for the same reason.
public struct UnknownHost: Error, Hashable, Sendable, CustomStringConvertible {
    public let name: String
    public var description: String { "there is no host '\(name)' in this agent's settings" }
}

extension HostID: Codable {
    public init(from decoder: any Decoder) throws {
        let name = try decoder.singleValueContainer().decode(String.self)
        guard let host = try HostNames.of(decoder.userInfo).host(name) else { throw UnknownHost(name: name) }
        self = host
    }

    public func encode(to encoder: any Encoder) throws {
        guard let name = try HostNames.of(encoder.userInfo).name(self) else { throw UnknownHost(name: "\(index)") }
        var container = encoder.singleValueContainer()
        try container.encode(name)
    }
}

/// As a list of names. Unknown ones are left out: another agent may know more hosts.
extension HostSet: Codable {
    public init(from decoder: any Decoder) throws {
        let names = try HostNames.of(decoder.userInfo)
        self.init()
        for name in try decoder.singleValueContainer().decode([String].self) {
            if let host = names.host(name) { insert(host) }
        }
    }

    public func encode(to encoder: any Encoder) throws {
        let names = try HostNames.of(encoder.userInfo)
        var container = encoder.singleValueContainer()
        try container.encode((0..<HostID.bound).map { HostID($0) }.filter(contains).compactMap(names.name))
    }
}

extension HostNames {
    struct Missing: Error, CustomStringConvertible {
        var description: String { "hosts are encoded and decoded by name: put HostNames into userInfo[HostNames.key]" }
    }

    static func of(_ userInfo: [CodingUserInfoKey: Any]) throws -> HostNames {
        guard let names = userInfo[key] as? HostNames else { throw Missing() }
        return names
    }
}

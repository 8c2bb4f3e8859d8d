/// What taking up a change does to one service, from the gentlest to the roughest of what keeps it.
public enum ChangeStep: String, Codable, Sendable, CaseIterable {
    /// It goes on untouched.
    case nothing
    /// It takes up what differs in place: nothing is cut, and nothing is replaced.
    case refresh
    /// New workers take the new files up, and those that were there finish what they carry. The database router's
    /// cannot, since they hear no more verdicts: their sessions connect anew.
    case reload
    /// It ends and starts anew; meanwhile others do its work, where there are others.
    case restart
    /// It was not there before.
    case start
    /// It is not wanted any more.
    case stop
}

/// One service of one host, before and after.
public struct ServiceChange: Codable, Sendable, Equatable {
    /// `haproxy`, `app-2` and the like.
    public var service: String
    public var step: ChangeStep
    /// What differs, such as `nginx.conf`, `environment GREETING`, `secret API_KEY`. Names, never values.
    public var reasons: [String]

    public init(service: String, step: ChangeStep, reasons: [String] = []) {
        self.service = service
        self.step = step
        self.reasons = reasons
    }
}

/// One generated file that differs.
public struct FileChange: Codable, Sendable, Equatable {
    /// Its name without folders, such as `nginx.conf`.
    public var name: String
    /// A unified diff without its header, three lines of context. There are no secrets in it, since generated files
    /// hold none.
    public var difference: String

    public init(name: String, difference: String) {
        self.name = name
        self.difference = difference
    }
}

/// One host, before and after.
public struct HostChange: Codable, Sendable, Equatable {
    public enum Kind: String, Codable, Sendable {
        case unchanged
        case changed
        case added
        case removed
    }

    public var host: String
    public var kind: Kind
    /// In the order of the blueprint; those that stop come last.
    public var services: [ServiceChange]
    public var files: [FileChange]

    public init(host: String, kind: Kind, services: [ServiceChange], files: [FileChange]) {
        self.host = host
        self.kind = kind
        self.services = services
        self.files = files
    }

    /// The services that are touched at all.
    public var touched: [ServiceChange] { services.filter { $0.step != .nothing } }

    public func restarts(_ service: String) -> Bool {
        services.contains { $0.service == service && $0.step == .restart }
    }
}

/// Something whose loss alone stops reads or writes.
public struct SinglePoint: Codable, Sendable, Equatable {
    public enum Kind: String, Codable, Sendable {
        case process
        case host
        /// Several hosts at once, because they are one computer.
        case machine
    }

    /// What users can no longer do.
    public enum Loss: String, Codable, Sendable, CaseIterable {
        case reads
        case writes
    }

    public var kind: Kind
    /// Missing for the machine.
    public var host: String?
    /// As in `tandem status`, such as `haproxy`; missing for hosts and the machine.
    public var service: String?
    /// In the order of `Loss.allCases`; never empty.
    public var stops: [Loss]
    /// One clause, such as `it is the only balancer`.
    public var reason: String
    /// What would end it, as an order.
    public var remedy: String

    public init(kind: Kind, host: String?, service: String?, stops: [Loss], reason: String, remedy: String) {
        self.kind = kind
        self.host = host
        self.service = service
        self.stops = stops
        self.reason = reason
        self.remedy = remedy
    }

    /// Such as `mysql on server1`, `server1` or `this machine`.
    public var name: String {
        switch (service, host) {
        case (let service?, let host?): "\(service) on \(host)"
        case (nil, let host?): host
        default: "this machine"
        }
    }
}

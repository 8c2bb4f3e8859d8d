/// The `firewall` section: what hosts that are other machines let in besides what the stack itself needs.
public struct Firewall: Codable, Sendable, Equatable {
    /// From where SSH is let in; nil: from anywhere.
    public var ssh: [Network]?

    public init(ssh: [Network]? = nil) { self.ssh = ssh }
}

/// A network of IPv4 or IPv6 addresses, such as 10.0.0.0/8 or 2001:db8::/32; one address is a network, too.
public struct Network: Codable, Sendable, Equatable, Hashable {
    /// As in the file: checked, so that it may be written as it is.
    public var text: String
    public var isIPv6: Bool { text.contains(":") }

    /// nil for anything else.
    public init?(_ text: String) {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        let isIPv6 = parts[0].contains(":")
        guard isIPv6 ? Self.isIPv6Address(parts[0]) : Self.isIPv4Address(parts[0]) else { return nil }
        if parts.count == 2 {
            guard let length = Quantity.decimal(parts[1]), (0...(isIPv6 ? 128 : 32)).contains(length) else {
                return nil
            }
        }
        self.text = text
    }

    private static func isIPv4Address(_ text: Substring) -> Bool {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4 && parts.allSatisfy { Quantity.decimal($0).map { $0 <= 255 } == true }
    }

    /// RFC 4291, without the form that ends in an IPv4 address.
    private static func isIPv6Address(_ text: Substring) -> Bool {
        let halves = text.split(separator: "::", maxSplits: 2, omittingEmptySubsequences: false)
        let groups = halves.flatMap { $0.isEmpty ? [] : $0.split(separator: ":", omittingEmptySubsequences: false) }
        let areFine = groups.allSatisfy { (1...4).contains($0.utf8.count) && $0.utf8.allSatisfy(isHexDigit) }
        return areFine && (halves.count == 1 ? groups.count == 8 : halves.count == 2 && groups.count <= 7)
    }

    private static func isHexDigit(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || (0x41...0x46).contains(byte) || (0x61...0x66).contains(byte)
    }
}

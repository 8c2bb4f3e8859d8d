import SwiftASN1
import X509

/// What an authority of somebody else may sign for.
public struct AuthorityNames: Sendable, Equatable {
    /// With everything below them.
    public var domains: [String]
    /// Single addresses of other machines; those of this one are not among them.
    public var addresses: [String]

    /// Reads them where the authority is bound to names, to addresses of this machine and to single ones, and to both
    /// critically (RFC 5280, 4.2.1.10), and may make no further authorities; else nil.
    public init?(certificatePEM: String) {
        guard let certificate = try? Certificate(pemEncoded: certificatePEM),
            case .isCertificateAuthority(maxPathLength: 0)? = try? certificate.extensions.basicConstraints,
            let found = certificate.extensions[oid: .X509ExtensionID.nameConstraints], found.critical,
            let constraints = try? NameConstraints(found)
        else { return nil }
        (domains, addresses) = ([], [])
        var networks = 0
        for subtree in constraints.permittedSubtrees {
            switch subtree {
            case .dnsName(let name): domains.append(name)
            case .ipAddress(let bytes):
                networks += 1
                if Self.isLoopback(Array(bytes.bytes)) { break }
                guard let address = Self.address(Array(bytes.bytes)) else { return nil }
                addresses.append(address)
            default: break
            }
        }
        // Names of a kind that no subtree is about are not bound at all.
        if domains.isEmpty || networks == 0 { return nil }
    }

    /// - Parameter network: an address and its mask.
    private static func isLoopback(_ network: [UInt8]) -> Bool {
        if network.count == 8 { return network[0] == 127 && network[4] == 0xff }
        let one = [UInt8](repeating: 0, count: 15) + [1]
        return network == one + [UInt8](repeating: 0xff, count: 16)
    }

    /// nil for a network of more than one.
    private static func address(_ network: [UInt8]) -> String? {
        let length = network.count / 2
        guard length == 4 || length == 16, network[length...].allSatisfy({ $0 == 0xff }) else { return nil }
        if length == 4 { return network[..<4].map(String.init).joined(separator: ".") }
        return stride(from: 0, to: 16, by: 2).map { network[$0..<($0 + 2)].hexadecimal }.joined(separator: ":")
    }
}

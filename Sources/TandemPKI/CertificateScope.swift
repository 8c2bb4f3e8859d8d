import SwiftASN1
import X509

/// What an authority may sign for. Programs that trust the authority, browsers among them, refuse its certificates for
/// anything else, whoever has its key (RFC 5280, 4.2.1.10).
public struct CertificateScope: Sendable, Equatable {
    /// With everything below them; sorted, and none lies below another one.
    public let domains: [String]
    /// Sorted.
    public let networks: [Network]

    /// Addresses that begin with the same bits.
    public struct Network: Sendable, Hashable {
        let address: [UInt8]
        let mask: [UInt8]

        /// - Parameter prefix: how many bits are the same; nil: all, which is one address.
        public init(_ text: String, prefix: Int? = nil) throws {
            address = try CertificateRequest.bytes(of: text)
            let bits = prefix ?? address.count * 8
            mask = (0..<address.count).map { UInt8(truncatingIfNeeded: 0xFF00 >> min(8, max(0, bits - 8 * $0))) }
        }

        func contains(_ other: Network) -> Bool {
            address.count == other.address.count
                && zip(zip(address, other.address), mask).allSatisfy { $0.0 & $1 == $0.1 & $1 }
                && zip(mask, other.mask).allSatisfy { $0 & $1 == $0 }
        }
    }

    public init(domains: [String], networks: [Network]) {
        self.domains = Set(domains).filter { domain in
            !domains.contains { domain != $0 && domain.hasSuffix("." + $0) }
        }.sorted()
        self.networks = Set(networks).filter { network in
            !networks.contains { $0 != network && $0.contains(network) }
        }.sorted { ($0.address + $0.mask).lexicographicallyPrecedes($1.address + $1.mask) }
    }

    var domainConstraints: NameConstraints {
        NameConstraints(permittedSubtrees: domains.map { GeneralName.dnsName($0) })
    }

    var constraints: NameConstraints {
        NameConstraints(
            permittedSubtrees: domains.map { GeneralName.dnsName($0) }
                + networks.map { .ipAddress(ASN1OctetString(contentBytes: ($0.address + $0.mask)[...])) })
    }
}

import Glibc
import SwiftASN1
import X509

/// Whom a certificate is for, and every name and address under which it may be dialled.
public struct CertificateRequest: Sendable {
    public let identity: CertificateIdentity
    let commonName: String
    let alternativeNames: SubjectAlternativeNames

    /// - Parameters:
    ///   - identity: what it may be used for.
    ///   - commonName: shown to people, the first 64 characters of it; clients look at the names only.
    ///   - names: DNS names.
    ///   - addresses: IPv4 or IPv6 addresses in text form.
    public init(
        _ identity: CertificateIdentity, commonName: String, names: [String] = [], addresses: [String] = []
    ) throws {
        self.identity = identity
        // X.520 bounds it, and some clients refuse the whole certificate for a longer one.
        self.commonName = String(commonName.prefix(Self.longestCommonName))
        // Sorted and without repetitions, so that the same host asks for the same certificate.
        let dns = Set(names).sorted().map { GeneralName.dnsName($0) }
        let ips = try Set(addresses).sorted().map {
            GeneralName.ipAddress(ASN1OctetString(contentBytes: try Self.bytes(of: $0)[...]))
        }
        alternativeNames = SubjectAlternativeNames(dns + ips + [.uniformResourceIdentifier(identity.uri)])
    }

    /// With the kind as well: it is what nginx can see.
    var subject: DistinguishedName {
        get throws {
            try DistinguishedName {
                OrganizationName("Tandem")
                OrganizationalUnitName(identity.kind.rawValue)
                CommonName(commonName)
            }
        }
    }

    private static let longestCommonName = 64

    static func bytes(of address: String) throws -> [UInt8] {
        var v4 = in_addr()
        if inet_pton(AF_INET, address, &v4) == 1 { return withUnsafeBytes(of: &v4) { Array($0) } }
        var v6 = in6_addr()
        if inet_pton(AF_INET6, address, &v6) == 1 { return withUnsafeBytes(of: &v6) { Array($0) } }
        throw PKIError.notAnAddress(address)
    }
}

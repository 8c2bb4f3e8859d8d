import SwiftASN1
import X509

/// What a certificate is for.
public enum IssuedNames {
    /// The DNS names among a certificate's alternative names (RFC 5280, 4.2.1.6); empty where it cannot be read.
    public static func dns(ofDER der: [UInt8]) -> [String] {
        guard let certificate = try? Certificate(derEncoded: der),
            let names = try? certificate.extensions.subjectAlternativeNames
        else { return [] }
        return names.compactMap { name in
            guard case .dnsName(let dns) = name else { return nil }
            return dns
        }
    }
}

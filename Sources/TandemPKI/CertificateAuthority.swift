import Crypto
import Foundation
import SwiftASN1
public import X509

/// The certificate authority of one stack. It signs for that stack's hosts alone.
public struct CertificateAuthority: Sendable {
    public let certificate: Certificate
    private let key: Certificate.PrivateKey

    /// How long the authority is valid: longer than the hardware.
    static let authorityDays = 3650
    /// Browsers refuse server certificates of more than 398 days (CA/Browser Forum ballot SC-31).
    static let leafDays = 397
    /// A certificate with less time left than this is replaced.
    static let renewalDays = 60

    /// Makes a new authority.
    public init(stack: String, now: Date) throws {
        let key = Certificate.PrivateKey(P256.Signing.PrivateKey())
        let name = try DistinguishedName {
            OrganizationName("Tandem")
            CommonName("Tandem CA of the stack \(stack)")
        }
        self.key = key
        certificate = try Certificate(
            version: .v3, serialNumber: .init(), publicKey: key.publicKey,
            notValidBefore: now.addingTimeInterval(-3600),
            notValidAfter: now.addingTimeInterval(Double(Self.authorityDays) * 86400),
            issuer: name, subject: name, signatureAlgorithm: .ecdsaWithSHA256,
            extensions: Certificate.Extensions {
                Critical(BasicConstraints.isCertificateAuthority(maxPathLength: 0))
                Critical(KeyUsage(keyCertSign: true, cRLSign: true))
                SubjectKeyIdentifier(hash: key.publicKey)
            },
            issuerPrivateKey: key)
    }

    /// Takes up an authority made earlier.
    /// - Parameters:
    ///   - certificatePEM: its certificate.
    ///   - keyPEM: its private key.
    /// - Throws: when either is no PEM, or the two do not belong together.
    public init(certificatePEM: String, keyPEM: String) throws {
        certificate = try Certificate(pemEncoded: certificatePEM)
        key = try Certificate.PrivateKey(pemEncoded: keyPEM)
        guard certificate.publicKey == key.publicKey else { throw PKIError.keyDoesNotMatch }
    }

    public var certificatePEM: String { get throws { try certificate.serializeAsPEM().pemString + "\n" } }
    public var keyPEM: String { get throws { try key.serializeAsPEM().pemString + "\n" } }

    /// Signs a certificate with a new key.
    public func issue(_ request: CertificateRequest, now: Date) throws -> IssuedCertificate {
        let leafKey = Certificate.PrivateKey(P256.Signing.PrivateKey())
        let subject = try DistinguishedName {
            OrganizationName("Tandem")
            CommonName(request.commonName)
        }
        let leaf = try Certificate(
            version: .v3, serialNumber: .init(), publicKey: leafKey.publicKey,
            notValidBefore: now.addingTimeInterval(-3600),
            notValidAfter: now.addingTimeInterval(Double(Self.leafDays) * 86400),
            issuer: certificate.subject, subject: subject, signatureAlgorithm: .ecdsaWithSHA256,
            extensions: Certificate.Extensions {
                Critical(BasicConstraints.notCertificateAuthority)
                Critical(KeyUsage(digitalSignature: true))
                try ExtendedKeyUsage([.serverAuth, .clientAuth])
                request.alternativeNames
                SubjectKeyIdentifier(hash: leafKey.publicKey)
                AuthorityKeyIdentifier(
                    keyIdentifier: SubjectKeyIdentifier(hash: certificate.publicKey).keyIdentifier)
            },
            issuerPrivateKey: key)
        return IssuedCertificate(
            certificatePEM: try leaf.serializeAsPEM().pemString + "\n",
            keyPEM: try leafKey.serializeAsPEM().pemString + "\n")
    }

    /// Whether a certificate made earlier is still good: signed by this authority, for the same names, with its
    /// own key, valid now and not about to expire.
    public func accepts(_ issued: IssuedCertificate, for request: CertificateRequest, now: Date) -> Bool {
        guard let leaf = try? Certificate(pemEncoded: issued.certificatePEM),
            let leafKey = try? Certificate.PrivateKey(pemEncoded: issued.keyPEM),
            leafKey.publicKey == leaf.publicKey,
            certificate.publicKey.isValidSignature(leaf.signature, for: leaf),
            let names = try? leaf.extensions.subjectAlternativeNames
        else { return false }
        return names == request.alternativeNames && leaf.notValidBefore <= now
            && leaf.notValidAfter > now.addingTimeInterval(Double(Self.renewalDays) * 86400)
    }
}

/// A certificate and its key, both PEM.
public struct IssuedCertificate: Sendable, Equatable {
    public var certificatePEM: String
    public var keyPEM: String

    public init(certificatePEM: String, keyPEM: String) {
        self.certificatePEM = certificatePEM
        self.keyPEM = keyPEM
    }
}

public enum PKIError: Error, CustomStringConvertible {
    case keyDoesNotMatch
    case notAnAddress(String)

    public var description: String {
        switch self {
        case .keyDoesNotMatch: "the certificate authority's key does not belong to its certificate"
        case .notAnAddress(let text): "'\(text)' is not an IPv4 or IPv6 address"
        }
    }
}

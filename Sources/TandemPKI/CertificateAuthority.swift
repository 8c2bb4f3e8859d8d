import Crypto
public import Foundation
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
    /// - Parameter scope: what it may sign for, and nothing else.
    public init(stack: String, scope: CertificateScope, now: Date) throws {
        let name = try DistinguishedName {
            OrganizationName("Tandem")
            CommonName("Tandem CA of the stack \(stack)")
        }
        key = Certificate.PrivateKey(P256.Signing.PrivateKey())
        certificate = try Self.certificate(of: key, name, constraints: scope.domainConstraints, now: now)
    }

    private static func certificate(
        of key: Certificate.PrivateKey, _ name: DistinguishedName, constraints: NameConstraints, now: Date
    ) throws -> Certificate {
        try Certificate(
            version: .v3, serialNumber: .init(), publicKey: key.publicKey,
            notValidBefore: now.addingTimeInterval(-3600),
            notValidAfter: now.addingTimeInterval(Double(authorityDays) * 86400),
            issuer: name, subject: name, signatureAlgorithm: .ecdsaWithSHA256,
            extensions: Certificate.Extensions {
                Critical(BasicConstraints.isCertificateAuthority(maxPathLength: 0))
                Critical(KeyUsage(keyCertSign: true, cRLSign: true))
                Critical(constraints)
                SubjectKeyIdentifier(hash: key.publicKey)
            },
            issuerPrivateKey: key)
    }

    /// The same authority for browsers and machines to trust: limited in its addresses as well.
    ///
    /// The parts of a stack use the other certificate, which is limited in its names alone: BoringSSL, and so every
    /// agent, refuses all certificates with addresses of an authority that is limited in those.
    /// - Parameter last: the one that was made earlier, if any. It is kept where it is still right.
    public func anchor(scope: CertificateScope, last: String?, now: Date) throws -> String {
        if let last, let certificate = try? Certificate(pemEncoded: last), certificate.publicKey == key.publicKey,
            Self.constraints(of: certificate) == (try? Certificate.Extension(scope.constraints, critical: true))
        {
            return last
        }
        let made = try Self.certificate(of: key, certificate.subject, constraints: scope.constraints, now: now)
        return try made.serializeAsPEM().pemString + "\n"
    }

    /// Whether who trusts an anchor of earlier believes all that this authority may sign by the given scope.
    public func isBelieved(by anchor: String, for scope: CertificateScope) -> Bool {
        guard let last = try? Certificate(pemEncoded: anchor), last.publicKey == key.publicKey,
            let constraints = try? last.extensions.nameConstraints
        else { return false }
        return Set(constraints.permittedSubtrees).isSuperset(of: scope.constraints.permittedSubtrees)
    }

    private static func constraints(of certificate: Certificate) -> Certificate.Extension? {
        certificate.extensions[oid: .X509ExtensionID.nameConstraints]
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

    /// Whether it may sign for exactly these names. Authorities of earlier versions may sign for anything.
    public func isLimited(to scope: CertificateScope) -> Bool {
        guard let wanted = try? Certificate.Extension(scope.domainConstraints, critical: true) else { return false }
        return Self.constraints(of: certificate) == wanted
    }

    /// The certificate's text and nothing besides, where it is one that may sign others; else nil.
    public static func canonical(_ certificatePEM: String) -> String? {
        guard let certificate = try? Certificate(pemEncoded: certificatePEM),
            case .isCertificateAuthority? = try? certificate.extensions.basicConstraints
        else { return nil }
        return try? certificate.serializeAsPEM().pemString + "\n"
    }

    /// Tells certificates apart: no two with the same can be found.
    public static func fingerprint(_ certificate: Data) -> String {
        SHA256.hash(data: certificate).prefix(16).hexadecimal
    }

    public var certificatePEM: String { get throws { try certificate.serializeAsPEM().pemString + "\n" } }
    public var keyPEM: String { get throws { try key.serializeAsPEM().pemString + "\n" } }

    /// Signs a certificate with a new key.
    public func issue(_ request: CertificateRequest, now: Date) throws -> IssuedCertificate {
        let leafKey = Certificate.PrivateKey(P256.Signing.PrivateKey())
        let leaf = try Certificate(
            version: .v3, serialNumber: .init(), publicKey: leafKey.publicKey,
            notValidBefore: now.addingTimeInterval(-3600),
            notValidAfter: now.addingTimeInterval(Double(Self.leafDays) * 86400),
            issuer: certificate.subject, subject: try request.subject, signatureAlgorithm: .ecdsaWithSHA256,
            extensions: Certificate.Extensions {
                Critical(BasicConstraints.notCertificateAuthority)
                Critical(KeyUsage(digitalSignature: true))
                try ExtendedKeyUsage(request.identity.kind.usages)
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

    /// Whether a certificate made earlier is still good: signed by this authority, for the same use and the same names,
    /// with its own key, valid now and not about to expire.
    public func accepts(_ issued: IssuedCertificate, for request: CertificateRequest, now: Date) -> Bool {
        guard let leaf = try? Certificate(pemEncoded: issued.certificatePEM),
            let leafKey = try? Certificate.PrivateKey(pemEncoded: issued.keyPEM),
            leafKey.publicKey == leaf.publicKey,
            certificate.publicKey.isValidSignature(leaf.signature, for: leaf),
            let names = try? leaf.extensions.subjectAlternativeNames,
            let usages = try? leaf.extensions.extendedKeyUsage, let subject = try? request.subject
        else { return false }
        return names == request.alternativeNames && leaf.subject == subject
            && Set(usages) == Set(request.identity.kind.usages) && leaf.notValidBefore <= now
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

    /// Both in one file, as HAProxy wants them.
    public var bundle: String { certificatePEM + keyPEM }

    public init(bundle: String) {
        let end = bundle.range(of: "-----END CERTIFICATE-----\n")?.upperBound ?? bundle.startIndex
        self.init(certificatePEM: String(bundle[..<end]), keyPEM: String(bundle[end...]))
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

public import Foundation
import SwiftASN1
import X509

/// Whose a certificate is. It stands in a URI name, `tandem://STACK/KIND/HOST`, and no text of a stack file reaches the
/// kind: names of the DNS, which users choose, decide nothing between the parts of a stack.
public struct CertificateIdentity: Sendable, Hashable {
    public enum Kind: String, Sendable, CaseIterable {
        /// Changes things through the agents.
        case commandLine = "command-line"
        /// Serves an agent's API, and reads other agents'.
        case agent
        /// What HAProxy shows browsers.
        case front
        /// What HAProxy shows nginx.
        case balancer
        /// nginx: shown to balancers, and both ways between the nginx of two hosts.
        case web
        /// What mysqld shows its clients.
        case database
        /// etcd: shown to its clients and its other members, and by its gateway to itself.
        case store
        /// What an agent shows etcd.
        case storeClient = "store-client"
        /// Prometheus and Alertmanager: shown to agents, to each other and to the command line.
        case monitor
    }

    public var stack: String
    public var kind: Kind
    /// nil for the command line, which is on no host.
    public var host: String?

    public init(stack: String, kind: Kind, host: String? = nil) {
        self.stack = stack
        self.kind = kind
        self.host = host
    }

    var uri: String { "\(Self.scheme)\(stack)/\(kind.rawValue)" + (host.map { "/\($0)" } ?? "") }

    private static let scheme = "tandem://"

    private init?(uri: String) {
        guard uri.hasPrefix(Self.scheme) else { return nil }
        let parts = uri.dropFirst(Self.scheme.count).split(separator: "/", omittingEmptySubsequences: false)
        guard (2...3).contains(parts.count), let kind = Kind(rawValue: String(parts[1])) else { return nil }
        self.init(stack: String(parts[0]), kind: kind, host: parts.count == 3 ? String(parts[2]) : nil)
    }

    /// Whose a certificate is that TLS has found to be signed by the stack's authority; nil where it does not say so in
    /// exactly one way.
    public init?(ofDER der: [UInt8]) {
        guard let certificate = try? Certificate(derEncoded: der),
            let names = try? certificate.extensions.subjectAlternativeNames
        else { return nil }
        let uris = names.compactMap { name -> String? in
            guard case .uniformResourceIdentifier(let uri) = name else { return nil }
            return uri
        }
        guard uris.count == 1, let uri = uris.first else { return nil }
        self.init(uri: uri)
    }
}

extension CertificateIdentity {
    /// Until when the first certificate of a PEM text is good; nil where it has none.
    public static func expiry(ofPEM text: String) -> Date? {
        guard let start = text.range(of: "-----BEGIN CERTIFICATE-----"),
            let end = text.range(of: "-----END CERTIFICATE-----", range: start.upperBound..<text.endIndex)
        else { return nil }
        return (try? Certificate(pemEncoded: String(text[start.lowerBound..<end.upperBound])))?.notValidAfter
    }
}

extension CertificateIdentity.Kind {
    /// A certificate that no server shows is no server's, and the other way round.
    var usages: [ExtendedKeyUsage.Usage] {
        switch self {
        case .commandLine, .balancer, .storeClient: [.clientAuth]
        case .front, .database: [.serverAuth]
        case .agent, .store, .web, .monitor: [.serverAuth, .clientAuth]
        }
    }
}

import Hummingbird
import Logging
import NIOCore
import NIOSSL
import Synchronization
import TandemPKI

/// A request to an agent; knows whether the caller showed a certificate of the stack's CA.
struct AgentRequestContext: RequestContext {
    var coreContext: CoreRequestContextStorage
    let channel: any Channel
    /// Whose certificate the caller showed; nil before `CertificateMiddleware` has let it in.
    var caller: CertificateIdentity?

    init(source: ApplicationRequestContextSource) {
        coreContext = .init(source: source)
        channel = source.channel
    }

    /// DER; nil where the caller showed none. One that is shown is of the stack's CA, or there would be no connection.
    var certificate: [UInt8]? {
        get async { try? await channel.nioSSL_peerCertificate().flatMapThrowing { try $0?.toDERBytes() }.get() }
    }
}

/// Lets in by what a certificate is for. That it is of the stack's authority, TLS has seen to.
struct CertificateMiddleware: RouterMiddleware {
    /// The stack's name.
    var stack: String
    var kinds: [CertificateIdentity.Kind]

    func handle(
        _ request: Request, context: AgentRequestContext,
        next: (Request, AgentRequestContext) async throws -> Response
    ) async throws -> Response {
        guard let certificate = await context.certificate else {
            throw HTTPError(.forbidden, message: "show a certificate of this stack's CA")
        }
        let identity = KnownCertificates.shared.identity(certificate)
        guard let identity, identity.stack == stack, kinds.contains(identity.kind) else {
            let whose =
                kinds == [.monitor]
                ? "a monitor's" : kinds.contains(.agent) ? "an agent's or the command line's" : "the command line's own"
            throw HTTPError(.forbidden, message: "only \(whose) certificate may do this")
        }
        var context = context
        context.caller = identity
        return try await next(request, context)
    }
}

/// Whose the certificates are that were shown lately. Agents ask each other several times a second, and reading a
/// certificate takes longer than all else about such a request.
final class KnownCertificates: Sendable {
    static let shared = KnownCertificates()
    /// Far more than a stack has callers. When it is full, all are read anew.
    static let most = 256

    private let known = Mutex<[[UInt8]: CertificateIdentity?]>([:])

    var count: Int { known.withLock { $0.count } }

    /// - Parameter der: of a certificate that TLS has found good.
    func identity(_ der: [UInt8]) -> CertificateIdentity? {
        if let identity = known.withLock({ $0[der] }) { return identity }
        let identity = CertificateIdentity(ofDER: der)
        known.withLock { known in
            if known.count >= Self.most { known.removeAll(keepingCapacity: true) }
            known[der] = .some(identity)
        }
        return identity
    }
}

import Hummingbird
import Logging
import NIOCore
import NIOSSL
import TandemPKI

/// A request to an agent; knows whether the caller showed a certificate of the stack's CA.
struct AgentRequestContext: RequestContext {
    var coreContext: CoreRequestContextStorage
    let channel: any Channel

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
        let identity = CertificateIdentity(ofDER: certificate)
        guard let identity, identity.stack == stack, kinds.contains(identity.kind) else {
            let whose = kinds.contains(.agent) ? "an agent's or the command line's" : "the command line's own"
            throw HTTPError(.forbidden, message: "only \(whose) certificate may do this")
        }
        return try await next(request, context)
    }
}

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

/// Refuses callers without a certificate.
struct CertificateMiddleware: RouterMiddleware {
    /// The DNS name that the certificate must be for; nil: any of the stack's.
    var name: String?

    func handle(
        _ request: Request, context: AgentRequestContext,
        next: (Request, AgentRequestContext) async throws -> Response
    ) async throws -> Response {
        guard let certificate = await context.certificate else {
            throw HTTPError(.forbidden, message: "show a certificate of this stack's CA")
        }
        if let name, !IssuedNames.dns(ofDER: certificate).contains(name) {
            throw HTTPError(.forbidden, message: "only the command line's own certificate may do this")
        }
        return try await next(request, context)
    }
}

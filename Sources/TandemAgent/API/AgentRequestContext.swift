import Hummingbird
import Logging
import NIOCore
import NIOSSL

/// A request to an agent; knows whether the caller showed a certificate of the stack's CA.
struct AgentRequestContext: RequestContext {
    var coreContext: CoreRequestContextStorage
    let channel: any Channel

    init(source: ApplicationRequestContextSource) {
        coreContext = .init(source: source)
        channel = source.channel
    }

    var hasCertificate: Bool {
        get async {
            ((try? await channel.nioSSL_peerCertificate().map { $0 != nil }.get()) ?? false)
        }
    }
}

/// Refuses callers without a certificate.
struct CertificateMiddleware: RouterMiddleware {
    func handle(
        _ request: Request, context: AgentRequestContext,
        next: (Request, AgentRequestContext) async throws -> Response
    ) async throws -> Response {
        guard await context.hasCertificate else {
            throw HTTPError(.forbidden, message: "show a certificate of this stack's CA")
        }
        return try await next(request, context)
    }
}

import HTTPTypes
import Hummingbird
import TandemMySQL

/// Lets every visitor read what they wrote, whichever server of the application and of the database answers them.
///
/// A request runs in a ``MySQLSession``: its reads see the writes of the requests before it, and its own. What it wrote
/// is handed to the client in a signed cookie, and in a header of the same content for clients without cookies, which
/// send the header back. Any instance that has the same key takes it up, so it holds across application servers,
/// balancers and a change of primary.
///
/// The session is taken down when the response's head is: a body that is streamed must not write.
public struct MySQLSessionMiddleware<Context: RequestContext>: RouterMiddleware {
    private let signer: SessionTokenSigner
    private let cookieName: String
    private let headerName: HTTPField.Name
    private let isSecure: Bool

    /// - Parameters:
    ///   - isSecure: whether browsers shall send the cookie over HTTPS alone.
    public init(
        signer: SessionTokenSigner, cookieName: String = "tandem_session",
        headerName: HTTPField.Name = .tandemSession, isSecure: Bool = true
    ) {
        self.signer = signer
        self.cookieName = cookieName
        self.headerName = headerName
        self.isSecure = isSecure
    }

    public func handle(
        _ request: Request, context: Context, next: (Request, Context) async throws -> Response
    ) async throws -> Response {
        // What is forged or too old is as good as nothing: then reads are at most as old as the lag's bound.
        let brought = [request.cookies[cookieName]?.value, request.headers[headerName]]
            .compactMap { $0.flatMap { signer.open($0) } }
        let session = MySQLSession()
        for token in brought { session.observe(token) }
        let before = session.token
        var response: Response
        do {
            response = try await session.run { try await next(request, context) }
        } catch let error as any HTTPResponseError where session.token != before {
            // What was written before the error counts as well.
            response = try error.response(from: request, context: context)
        }
        guard let token = session.token, token != before else { return response }
        let sealed = signer.seal(token)
        response.headers[headerName] = sealed
        response.setCookie(
            Cookie(
                name: cookieName, value: sealed, maxAge: Int(signer.lifetime / .seconds(1)), path: "/",
                secure: isSecure, httpOnly: true, sameSite: .lax))
        return response
    }
}

extension HTTPField.Name {
    /// `X-Tandem-Session`.
    public static var tandemSession: HTTPField.Name { tandemSessionName }
}

private let tandemSessionName = HTTPField.Name("X-Tandem-Session") ?? .cookie

import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdCore
import Logging
import NIOCore
import Synchronization
import TandemAgent

/// Serves the live page on this machine's loopback address. It only tells: nothing that it is asked changes anything.
struct PageServer: Sendable {
    /// Any user of the machine may connect; what is beyond waits.
    private static let mostConnections = 64

    /// What a browser that shows the page is told from now on; nil where as many listen as may.
    let listen: @Sendable () -> AsyncStream<String>?
    /// 0: any that is free.
    let port: Int
    /// Called once it listens, with the link.
    let isListening: @Sendable (String) -> Void

    func run() async throws {
        let door = PageKeeper()
        var logger = Logger(label: "page")
        logger.logLevel = .critical
        let isListening = isListening
        let application = Application(
            router: router(door),
            server: .cancellable(idleTimeout: .seconds(60)),
            configuration: .init(
                address: .hostname("127.0.0.1", port: port), serverName: nil,
                availableConnectionsDelegate: MaximumAvailableConnections(Self.mostConnections)
            ),
            onServerRunning: { channel in
                guard let port = channel.localAddress?.port else { return }
                isListening(door.open(port: port))
            }, logger: logger)
        try await application.run()
    }

    private func router(_ door: PageKeeper) -> Router<BasicRequestContext> {
        let router = Router()
        router.add(middleware: PageGuard(door: door))
        router.get("/") { request, _ in
            if let token = request.uri.queryParameters["token"] {
                guard let cookie = door.enter(token: String(token)) else { throw PageGuard.refusal }
                return Self.html(PageMarkup.entrance, cookie: cookie)
            }
            try door.check(request)
            return Self.html(PageMarkup.page)
        }
        router.get("/events") { [listen] request, _ in
            try door.check(request)
            guard let events = listen() else {
                throw HTTPError(
                    .serviceUnavailable, message: "The page is open \(PageFeed.mostListeners) times already; close one."
                )
            }
            return Response(
                status: .ok, headers: [.contentType: "text/event-stream"],
                body: ResponseBody { writer in
                    // So that the browser knows that it is connected before the first second is over.
                    try await writer.write(ByteBuffer(string: "retry: 1000\n\n"))
                    for await event in events { try await writer.write(ByteBuffer(string: event)) }
                    try await writer.finish(nil)
                })
        }
        return router
    }

    private static func html(_ text: String, cookie: String? = nil) -> Response {
        var response = Response(
            status: .ok, headers: [.contentType: "text/html; charset=utf-8"],
            body: .init(byteBuffer: ByteBuffer(string: text)))
        if let cookie { response.headers[.setCookie] = cookie }
        return response
    }
}

/// The door, once the port is known.
private final class PageKeeper: Sendable {
    private let door = Mutex<PageDoor?>(nil)

    /// - Returns: the link.
    func open(port: Int) -> String {
        let door = PageDoor(port: port)
        self.door.withLock { $0 = door }
        return door.link
    }

    func enter(token: String) -> String? { door.withLock { $0?.enter(token: token) } }

    func knows(authority: String?) -> Bool { door.withLock { $0?.knows(authority: authority) } ?? false }

    func check(_ request: Request) throws {
        // Browsers say who caused a request; a page of another port of this address has the cookie sent along, too.
        let site = HTTPField.Name("Sec-Fetch-Site").flatMap { request.headers[$0] }
        guard site == nil || site == "same-origin" || site == "none",
            door.withLock({ $0?.admits(cookies: request.headers[.cookie]) }) == true
        else { throw PageGuard.refusal }
    }
}

/// What holds for every answer.
private struct PageGuard: RouterMiddleware {
    let door: PageKeeper

    static let refusal = HTTPError(
        .forbidden,
        message: "A link opens the page once, in one browser. For another link: tandem open --dashboard")

    func handle(
        _ request: Request, context: BasicRequestContext,
        next: (Request, BasicRequestContext) async throws -> Response
    ) async throws -> Response {
        var response: Response
        do {
            guard door.knows(authority: request.head.authority) else {
                throw HTTPError(.forbidden, message: "This page is called by 127.0.0.1 or localhost, and its port.")
            }
            response = try await next(request, context)
        } catch let error as HTTPError {
            response = Response(
                status: error.status, headers: [.contentType: "text/plain; charset=utf-8"],
                body: .init(byteBuffer: ByteBuffer(string: (error.body ?? "not here") + "\n")))
        }
        for (name, value) in Self.headers {
            if let name = HTTPField.Name(name) { response.headers[name] = value }
        }
        return response
    }

    private static let headers = [
        "Content-Security-Policy": PageMarkup.policy, "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer", "Cache-Control": "no-store", "X-Frame-Options": "DENY",
        "Cross-Origin-Resource-Policy": "same-origin", "Cross-Origin-Opener-Policy": "same-origin",
    ]
}

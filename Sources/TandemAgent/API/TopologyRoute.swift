import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import TandemTopology

/// `/topology`: who is primary and who follows. A long poll with `after=VERSION&wait=SECONDS`; the version is in the
/// header `X-Tandem-Version`.
struct TopologyRoute: Sendable {
    static let versionHeader = "X-Tandem-Version"
    /// The longest that a long poll is held.
    static let longestWaitSeconds = 30.0

    let board: TopologyBoard

    func add<Context: RequestContext>(to router: some RouterMethods<Context>) {
        router.get("/topology") { request, _ in
            let version = await waitIfAsked(request)
            return try await Response.json(board.topology, version: version)
        }
    }

    /// - Returns: the version of what is known now.
    func waitIfAsked(_ request: Request) async -> Int {
        let parameters = request.uri.queryParameters
        if let after = parameters["after"].flatMap({ Int($0) }), let wait = parameters["wait"].flatMap({ Double($0) }),
            // NaN is in no range, and makes no Duration.
            (0...Double.infinity).contains(wait)
        {
            await board.waitForChange(from: after, timeout: .seconds(min(wait, Self.longestWaitSeconds)))
        }
        return await board.version
    }

    /// The same for the host's own app: plain HTTP on the host's loopback address, where it says nothing that the app
    /// does not know.
    func application(
        address: String, port: Int, logger: Logger,
        onServerRunning: @escaping @Sendable (any Channel) async -> Void = { _ in }
    ) -> some ApplicationProtocol {
        let router = Router()
        add(to: router)
        return Application(
            router: router,
            server: .cancellable(idleTimeout: .seconds(90)),
            configuration: .init(address: .hostname(address, port: port), serverName: nil, reuseAddress: true),
            onServerRunning: onServerRunning, logger: logger)
    }
}

extension Response {
    static func json(_ value: some Encodable, version: Int? = nil) throws -> Response {
        let text = try JSONText.encode(value, isPretty: false)
        var response = Response(
            status: .ok, headers: [.contentType: "application/json"],
            body: .init(byteBuffer: ByteBuffer(string: text)))
        if let version, let name = HTTPField.Name(TopologyRoute.versionHeader) { response.headers[name] = "\(version)" }
        return response
    }
}

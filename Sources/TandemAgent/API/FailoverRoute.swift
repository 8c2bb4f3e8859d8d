import Hummingbird
import TandemTopology

/// `GET /failover` and `/failover/history?count=N`; for the command line alone `POST /failover/switchover?to=HOST`,
/// `/failover/force?epoch=N`, `/failover/pause` and `/failover/resume`. 404 where this host takes no part in the
/// failover.
struct FailoverRoute: Sendable {
    let seat: @Sendable () async -> FailoverSeat?

    private static let mostChanges = 100

    private func present() async throws -> FailoverSeat {
        guard let seat = await seat() else {
            throw HTTPError(.notFound, message: "this host takes no part in the failover")
        }
        return seat
    }

    func addReading(to router: some RouterMethods<AgentRequestContext>) {
        router.get("/failover") { _, _ in try Response.json(await present().status()) }
        router.get("/failover/history") { request, _ in
            let count = request.uri.queryParameters["count"].flatMap { Int($0) } ?? 20
            let seat = try await present()
            do {
                return try Response.json(try await seat.history(count: min(max(count, 1), Self.mostChanges)))
            } catch {
                throw HTTPError(.serviceUnavailable, message: "\(error)")
            }
        }
    }

    func addChanging(
        to router: some RouterMethods<AgentRequestContext>,
        answering: @escaping @Sendable (() async throws -> Void) async throws -> Response
    ) {
        router.post("/failover/switchover") { request, _ in
            guard let host = request.uri.queryParameters["to"] else {
                throw HTTPError(.badRequest, message: "expected ?to=HOST")
            }
            let seat = try await present()
            return try await answering { try await seat.switchOver(to: String(host)) }
        }
        router.post("/failover/force") { request, _ in
            guard let epoch = request.uri.queryParameters["epoch"].flatMap({ Int($0) }) else {
                throw HTTPError(.badRequest, message: "expected ?epoch=NUMBER")
            }
            let seat = try await present()
            return try await answering { try await seat.force(epoch: epoch) }
        }
        for (path, isPaused) in [("/failover/pause", true), ("/failover/resume", false)] {
            router.post("\(path)") { _, _ in
                let seat = try await present()
                return try await answering { try await seat.pause(isPaused) }
            }
        }
    }
}

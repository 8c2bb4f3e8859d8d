import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import NIOPosix
import TandemBlueprint
import TandemServices

/// Asks whether a service can serve.
struct ReadinessProbe: Sendable {
    let client: HTTPClient
    /// How long one question may take.
    static let timeout = TimeAmount.seconds(2)

    func isReady(_ readiness: ServiceBlueprint.Readiness, isDatabaseReady: @Sendable () async -> Bool) async -> Bool {
        switch readiness {
        case .tcp(let address, let port): await accepts(address, port)
        case .http: await answer(readiness) == .ready
        case .database: await isDatabaseReady()
        // Asked for with a certificate; see `StoreSeat`.
        case .store: false
        case .running: true
        }
    }

    /// Whether whoever listens there speaks first, as MySQL does: a router without an open server accepts and hangs up.
    func greets(_ address: String, _ port: Int) async -> Bool {
        do {
            let connection = try await ClientBootstrap(group: client.eventLoopGroup)
                .connectTimeout(Self.timeout).connect(host: address, port: port) { channel in
                    channel.eventLoop.makeCompletedFuture {
                        try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
                    }
                }
            let timer = connection.channel.eventLoop.scheduleTask(in: Self.timeout) {
                connection.channel.close(promise: nil)
            }
            defer { timer.cancel() }
            return try await connection.executeThenClose { inbound, _ in
                for try await buffer in inbound where buffer.readableBytes > 0 { return true }
                return false
            }
        } catch {
            return false
        }
    }

    private func accepts(_ address: String, _ port: Int) async -> Bool {
        do {
            let channel = try await ClientBootstrap(group: client.eventLoopGroup)
                .connectTimeout(Self.timeout).connect(host: address, port: port).get()
            try? await channel.close()
            return true
        } catch {
            return false
        }
    }

    /// What a service said to the question.
    enum Answer: Equatable {
        case ready
        case status(Int, location: String?)
        /// Connected, or not; in any case it said nothing that is HTTP within the bound.
        case nothing
    }

    /// Asks for a page, as a visitor would who comes through the balancer. A redirect is an answer, and not followed.
    func answer(_ readiness: ServiceBlueprint.Readiness) async -> Answer {
        guard case .http(let address, let port, let path, let headers) = readiness else { return .nothing }
        var request = HTTPClientRequest(url: "http://\(address):\(port)\(path)")
        for (name, value) in headers { request.headers.replaceOrAdd(name: name, value: value) }
        guard let response = try? await client.execute(request, timeout: Self.timeout) else { return .nothing }
        // The connection can be used again only when the body was read.
        _ = try? await response.body.collect(upTo: 64 * 1024)
        if response.status == .ok { return .ready }
        return .status(Int(response.status.code), location: response.headers.first(name: "location"))
    }

    /// Why a service is not ready, in words; nil when it is.
    /// - Parameter process: the service's.
    func reason(_ readiness: ServiceBlueprint.Readiness, of process: ProcessIdentity) async -> String? {
        guard case .http(let address, let port, let path, let headers) = readiness else { return nil }
        let host = headers["Host"].map { " (Host: \($0))" } ?? ""
        switch await answer(readiness) {
        case .ready: return nil
        case .status(let code, let location):
            return "it answered \(code)\(location.map { " to \($0.prefix(200))" } ?? "") to GET \(path)\(host), not 200"
        case .nothing:
            let sockets = ListeningSockets.now()
            let places: [ListeningSocket]
            if process.launcher == nil {
                places = sockets.held(by: process.members)
            } else {
                let seen = await process.launcherSockets() ?? []
                places = sockets.all.filter { seen.contains($0.inode) }
            }
            if places.contains(where: { $0.port == port && ($0.address == address || $0.isForAll) }) {
                return "it did not answer GET \(path)\(host) within \(Self.timeout.nanoseconds / 1_000_000_000) s"
            }
            guard let other = places.first(where: { $0.port == port }) ?? places.first else {
                return "nothing listens on \(address):\(port), which HOST and PORT name"
            }
            return "nothing listens on \(address):\(port), which HOST and PORT name: it listens on \(other) instead"
        }
    }
}

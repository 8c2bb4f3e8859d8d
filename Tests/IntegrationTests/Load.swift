import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1
import NIOSSL
import Synchronization

/// Clients that GET a page all the time, or POST to it in every other round, each over a connection of its own that is
/// kept.
///
/// A request counts as failed when its one retry on a new connection fails too, where the first was cut before any byte
/// of an answer, as browsers have it; a POST is not sent again. Everything else that is not a whole answer with status
/// 200 has failed at once.
final class Load: Sendable {
    struct Tally: CustomStringConvertible {
        var answered = 0
        /// Answered on the second try.
        var retried = 0
        var failed: [String] = []
        var slowest = Duration.zero
        /// Answers by the value of the header `X-Served-By`.
        var servedBy: [String: Int] = [:]

        var description: String {
            "\(answered) answered, \(retried) of them on the second try, \(failed.count) failed, slowest \(slowest); "
                + failed.prefix(10).joined(separator: "; ")
        }
    }

    private let urls: [String]
    /// Between two requests of one client: constant load, but not all that the machine can carry.
    private let pause: Duration
    private let posts: Bool
    private let tally = Mutex(Tally())
    /// What the person at the machine is doing meanwhile, for the report.
    private let label = Mutex("")

    /// - Parameter urls: asked for in turn.
    init(_ urls: [String], pause: Duration = .milliseconds(20), posts: Bool = false) {
        self.posts = posts
        self.urls = urls
        self.pause = pause
    }

    /// Runs the clients for as long as `body` takes.
    func during(clients: Int = 16, _ body: (Load) async throws -> Void) async throws -> Tally {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<clients { group.addTask { await self.run(number) } }
            do {
                try await body(self)
            } catch {
                group.cancelAll()
                throw error
            }
            group.cancelAll()
        }
        return tally.withLock { $0 }
    }

    func note(_ text: String) { label.withLock { $0 = text } }

    var soFar: Tally { tally.withLock { $0 } }

    /// What was counted since the last call, which is forgotten here.
    func take() -> Tally {
        tally.withLock { tally in
            defer { tally = Tally() }
            return tally
        }
    }

    private enum Outcome {
        case good(servedBy: String)
        /// Nothing of an answer had come.
        case cut(String)
        case bad(String)
    }

    private func run(_ number: Int) async {
        let client = Self.client()
        var turn = number
        while !Task.isCancelled {
            let url = urls[turn % urls.count]
            let isPost = posts && turn / urls.count % 2 == 1
            turn += 1
            let start = ContinuousClock.now
            var outcome = await ask(url, isPost: isPost, client)
            var isRetried = false
            if case .cut(let why) = outcome, isPost {
                outcome = .bad("POST: \(why)")
            } else if case .cut = outcome, !Task.isCancelled {
                isRetried = true
                let fresh = Self.client()
                let second = await ask(url, isPost: false, fresh)
                try? await fresh.shutdown()
                if case .good = second { outcome = second } else { outcome = .bad("\(outcome), then \(second)") }
            }
            // What our own end has cut short says nothing.
            if !Task.isCancelled { count(outcome, isRetried, ContinuousClock.now - start) }
            try? await Task.sleep(for: pause)
        }
        try? await client.shutdown()
    }

    private func count(_ outcome: Outcome, _ isRetried: Bool, _ time: Duration) {
        let what = label.withLock { $0 }
        tally.withLock { tally in
            tally.slowest = max(tally.slowest, time)
            if case .good(let server) = outcome {
                tally.answered += 1
                tally.servedBy[server, default: 0] += 1
                if isRetried { tally.retried += 1 }
            } else {
                tally.failed.append("\(what): \(outcome) after \(time)")
            }
        }
    }

    private func ask(_ url: String, isPost: Bool, _ client: HTTPClient) async -> Outcome {
        let response: HTTPClientResponse
        var request = HTTPClientRequest(url: url)
        if isPost {
            request.method = .POST
            request.body = .bytes(ByteBuffer(string: "a=1"))
        }
        do {
            response = try await client.execute(request, timeout: .seconds(20))
        } catch let error as HTTPClientError where error == .deadlineExceeded {
            return .bad("no answer in 20 s")
        } catch {
            return .cut("\(error)")
        }
        do {
            let body = try await response.body.collect(upTo: 4 << 20)
            guard response.status == .ok else {
                return .bad("\(request.method) \(response.status): \(String(buffer: body).prefix(200))")
            }
            return .good(servedBy: response.headers.first(name: "X-Served-By") ?? "")
        } catch {
            return .bad("the answer was cut: \(error)")
        }
    }

    private static func client() -> HTTPClient {
        var tls = TLSConfiguration.makeClientConfiguration()
        tls.certificateVerification = .none
        var configuration = HTTPClient.Configuration(
            tlsConfiguration: tls, timeout: .init(connect: .seconds(10)),
            connectionPool: .init(idleTimeout: .seconds(60), concurrentHTTP1ConnectionsPerHostSoftLimit: 1))
        configuration.httpVersion = .http1Only
        return HTTPClient(configuration: configuration)
    }
}

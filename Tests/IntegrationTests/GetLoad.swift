import AsyncHTTPClient
import Foundation
import NIOSSL

/// Clients that ask for one page again and again, each over a connection that it keeps.
///
/// A GET has failed when its answer is not 200, or when its one retry on a new connection fails too, where the first
/// was cut off before any byte of an answer; browsers do the same. Retried ones are counted apart.
actor GetLoad {
    struct Count: Sendable, CustomStringConvertible {
        var requests = 0
        var retried = 0
        var failures: [String] = []
        var description: String {
            "\(requests) GETs, \(retried) retried, \(failures.count) failed \(failures.prefix(5))"
        }
    }

    private let url: String
    private var count = Count()
    /// By the value of the header `X-Served-By`.
    private(set) var servedBy: [String: Int] = [:]

    init(_ url: String) { self.url = url }

    /// Runs `body` under the load of so many clients.
    /// - Returns: what the clients saw.
    static func run(
        _ url: String, clients: Int = 16, while body: @Sendable (GetLoad) async throws -> Void
    ) async throws -> Count {
        let load = GetLoad(url)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<clients { group.addTask { try await load.ask() } }
            defer { group.cancelAll() }
            try await body(load)
        }
        return await load.count
    }

    /// What was counted since the last call.
    func take() -> Count {
        defer {
            count = Count()
            servedBy = [:]
        }
        return count
    }

    private enum Answer {
        case ok(servedBy: String)
        case wrong(String)
        /// Not a byte of an answer came.
        case cut(String)
    }

    private nonisolated func ask() async throws {
        var client = Self.client()
        do {
            while !Task.isCancelled {
                var answer = await request(client)
                var isRetried = false
                if case .cut = answer, !Task.isCancelled {
                    try await client.shutdown()
                    client = Self.client()
                    isRetried = true
                    answer = await request(client)
                }
                if !Task.isCancelled { await note(answer, isRetried: isRetried) }
                try? await Task.sleep(for: .milliseconds(10))
            }
        } catch {
            try await client.shutdown()
            throw error
        }
        try await client.shutdown()
    }

    private nonisolated func request(_ client: HTTPClient) async -> Answer {
        let response: HTTPClientResponse
        do {
            response = try await client.execute(HTTPClientRequest(url: url), timeout: .seconds(20))
        } catch {
            return .cut("\(error)")
        }
        do {
            _ = try await response.body.collect(upTo: 1 << 20)
        } catch {
            return .wrong("cut in the middle of the answer: \(error)")
        }
        guard response.status == .ok else { return .wrong("\(response.status.code)") }
        return .ok(servedBy: response.headers.first(name: "X-Served-By") ?? "")
    }

    private func note(_ answer: Answer, isRetried: Bool) {
        count.requests += 1
        if isRetried { count.retried += 1 }
        switch answer {
        case .ok(let server): servedBy[server, default: 0] += 1
        case .wrong(let reason), .cut(let reason):
            count.failures.append("\(Date().formatted(.iso8601)) \(reason)")
        }
    }

    private static func client() -> HTTPClient {
        var configuration = HTTPClient.Configuration()
        configuration.tlsConfiguration = .makeClientConfiguration()
        configuration.tlsConfiguration?.certificateVerification = .none
        configuration.httpVersion = .http1Only
        return HTTPClient(configuration: configuration)
    }
}

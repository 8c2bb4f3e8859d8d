import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import NIOSSL
import TandemAgent
import TandemStack

/// Makes a request through the front, trusting the stack's CA.
struct FrontProbe: Sendable {
    enum Answer: Sendable, Equatable {
        case ok
        case status(Int)
        case nothing(String)

        var explanation: String {
            switch self {
            case .ok: "answers"
            case .status(let code): "answers \(code), not 200"
            case .nothing(let reason): "does not answer (\(reason))"
            }
        }
    }

    private let client: HTTPClient
    private let url: String

    init(applied: AppliedStack, folder: StackFolder) throws {
        var configuration = HTTPClient.Configuration()
        var tls = TLSConfiguration.makeClientConfiguration()
        tls.trustRoots = .file(folder.caFile)
        configuration.tlsConfiguration = tls
        // The domain may not lead here yet; the front does.
        configuration.dnsOverride = [applied.stack.domain: applied.frontProbeAddress]
        client = HTTPClient(configuration: configuration)
        url = applied.url + applied.stack.app.health
    }

    func shutdown() async { try? await client.shutdown() }

    func waitForAnswer(until deadline: ContinuousClock.Instant) async -> Answer {
        while true {
            let answer = await ask()
            if answer == .ok || ContinuousClock.now > deadline { return answer }
            try? await Task.sleep(for: .milliseconds(50))
        }
    }

    private func ask() async -> Answer {
        do {
            let response = try await client.execute(HTTPClientRequest(url: url), timeout: .seconds(5))
            _ = try? await response.body.collect(upTo: 1024 * 1024)
            return response.status == .ok ? .ok : .status(Int(response.status.code))
        } catch {
            return .nothing("\(error)")
        }
    }
}

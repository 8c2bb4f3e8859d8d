import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1
import NIOSSL
import Synchronization
import TandemBlueprint
import TandemServices
import TandemStack

/// Sends a request through each of the front's addresses, as a user does, every few seconds. Monitors do it, so that
/// what no part of the stack notices of itself is noticed.
struct FrontProbe: Sendable {
    struct Outcome: Sendable, Equatable {
        /// Where the request went, `ADDRESS:PORT`.
        var address: String
        /// Whether an answer below 500 came within the time.
        var isAnswered: Bool
        var seconds: Double
    }

    let stack: Stack
    /// PEM file of the authority that has signed the front's certificate.
    let authority: String
    /// The front's own address, where the balancers share one; see `AppliedStack.front`.
    let sharedAddress: String?
    /// Said once at each look.
    let tell: @Sendable ([Outcome]) -> Void

    static let interval = Duration.seconds(ProbePace.seconds)
    private static let patience = TimeAmount.seconds(4)

    /// On one machine the one that all balancers share; else those that move, or each balancer's own.
    var addresses: [String] {
        if let sharedAddress { return [sharedAddress] }
        let moving = stack.frontAddresses.map(\.address)
        return moving.isEmpty ? stack.hosts(.balancer).map(\.address) : moving
    }

    /// Runs until the task is cancelled.
    func run() async {
        while !Task.isCancelled {
            let outcomes = await withTaskGroup(of: Outcome.self) { group in
                for address in addresses { group.addTask { await ask(address) } }
                return await group.reduce(into: []) { $0.append($1) }
            }
            tell(outcomes.sorted { $0.address < $1.address })
            try? await Ticks.next(every: Self.interval)
        }
    }

    /// On a connection of its own each time: users come anew.
    private func ask(_ address: String) async -> Outcome {
        let port = stack.balancer.httpsPort.number
        let start = ContinuousClock.now
        var tls = TLSConfiguration.makeClientConfiguration()
        tls.trustRoots = .file(authority)
        var configuration = HTTPClient.Configuration(tlsConfiguration: tls)
        configuration.dnsOverride = [stack.domain: address]
        configuration.redirectConfiguration = .disallow
        configuration.timeout.connect = .seconds(2)
        let client = HTTPClient(configuration: configuration)
        var request = HTTPClientRequest(url: "https://\(stack.domain):\(port)\(stack.app.health)")
        request.headers.add(name: "User-Agent", value: "Tandem-probe")
        let response = try? await client.execute(request, deadline: .now() + Self.patience)
        let isAnswered = response.map { $0.status.code < 500 } ?? false
        try? await client.shutdown()
        return Outcome(
            address: "\(address):\(port)", isAnswered: isAnswered, seconds: (ContinuousClock.now - start) / .seconds(1))
    }
}

/// The last outcomes of the probe.
final class ProbeBoard: Sendable {
    private let last = Mutex<[FrontProbe.Outcome]>([])

    var outcomes: [FrontProbe.Outcome] { last.withLock { $0 } }

    func tell(_ outcomes: [FrontProbe.Outcome]) { last.withLock { $0 = outcomes } }
}

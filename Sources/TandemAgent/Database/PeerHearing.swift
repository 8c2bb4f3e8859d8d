import Synchronization
import TandemTopology

/// Which of the other agents have heard that clients are to be sent to this host's database no more. Each asks for the next word as soon as
/// it has one (`PeerWatch`), and says which it has.
final class PeerHearing: Sendable {
    private struct Question {
        /// What the peer has heard already.
        var version: Int
        var askedAt: ContinuousClock.Instant
    }

    /// Those with a router, which so send clients here.
    private let listeners: Set<String>
    private let questions = Mutex<[String: Question]>([:])

    /// Who has been silent for longer is gone: a question is held for 10 s at most.
    private static let silence = Duration.seconds(15)
    /// How long the last of them is waited for.
    private static let patience = Duration.milliseconds(50)
    /// What an agent that has heard needs to tell its host's router and app.
    private static let tellingTime = Duration.milliseconds(8)
    private static let lookPause = Duration.milliseconds(2)

    /// - Parameter listeners: the hosts whose agents count.
    init(listeners: some Sequence<String> = []) { self.listeners = Set(listeners) }

    /// A peer asks for what comes after the version.
    func asked(_ host: String, after version: Int, at now: ContinuousClock.Instant = .now) {
        guard listeners.contains(host) else { return }
        questions.withLock { $0[host] = Question(version: version, askedAt: now) }
    }

    /// Whether everybody who listens has heard the version, or a later one.
    func haveHeard(_ version: Int, at now: ContinuousClock.Instant = .now) -> Bool {
        questions.withLock { questions in
            questions.values.allSatisfy { $0.version >= version || now - $0.askedAt > Self.silence }
        }
    }

    /// Returns when all agents have heard, and told their routers, that the host's server is about to close; or after a bound.
    func settle(_ host: String, on board: TopologyBoard) async {
        let deadline = ContinuousClock.now + Self.patience
        while await !isHeard(host, on: board), ContinuousClock.now < deadline, !Task.isCancelled {
            try? await Task.sleep(for: Self.lookPause)
        }
        try? await Task.sleep(for: Self.tellingTime)
    }

    private func isHeard(_ host: String, on board: TopologyBoard) async -> Bool {
        guard await board.member(host)?.isClosing == true else { return false }
        return haveHeard(await board.version)
    }
}

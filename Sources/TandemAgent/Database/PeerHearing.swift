import Synchronization
import TandemTopology

/// Which of the other agents have heard that clients are to be sent to this host's database no more. Each asks for the
/// next word as soon as it has one (`PeerWatch`), and says which it has.
final class PeerHearing: Sendable {
    private struct Question {
        /// What the peer has heard already.
        var version: Int
        var askedAt: ContinuousClock.Instant
    }

    enum Verdict: Equatable {
        case heard
        case notYet
        /// The agent of an app host has not asked since this agent began, and may be about to.
        case unknown
    }

    /// Those with a router, which so send clients here.
    private let listeners: Set<String>
    private let beganAt: ContinuousClock.Instant
    private let questions = Mutex<[String: Question]>([:])

    /// Who has been silent for longer is gone: a question is held for 10 s at most.
    private static let silence = Duration.seconds(15)
    /// How long the last of them is waited for: one that does not hear in time is told late, which is no worse than an
    /// agent that is gone.
    private static let patience = Duration.milliseconds(50)
    /// The same, of those who have yet to ask for the first time.
    private static let firstPatience = Duration.milliseconds(300)
    /// What an agent that has heard needs to tell its host's router and app.
    private static let tellingTime = Duration.milliseconds(8)
    private static let lookPause = Duration.milliseconds(2)

    /// - Parameter listeners: the hosts whose agents count.
    init(listeners: some Sequence<String> = [], at now: ContinuousClock.Instant = .now) {
        self.listeners = Set(listeners)
        beganAt = now
    }

    /// A peer asks for what comes after the version.
    func asked(_ host: String, after version: Int, at now: ContinuousClock.Instant = .now) {
        guard listeners.contains(host) else { return }
        questions.withLock { $0[host] = Question(version: version, askedAt: now) }
    }

    /// Whether everybody who listens has heard the version, or a later one.
    func verdict(on version: Int, at now: ContinuousClock.Instant = .now) -> Verdict {
        questions.withLock { questions in
            var verdict = Verdict.heard
            for host in listeners {
                guard let question = questions[host] else {
                    if now - beganAt <= Self.silence { return .unknown }
                    continue
                }
                if question.version < version, now - question.askedAt <= Self.silence { verdict = .notYet }
            }
            return verdict
        }
    }

    /// Returns when all agents have heard, and told their routers, that the host's server is about to close; or after a
    /// bound.
    /// - Returns: whether all have heard.
    @discardableResult
    func settle(_ host: String, on board: TopologyBoard) async -> Bool {
        let start = ContinuousClock.now
        var isHeard = false
        while !Task.isCancelled {
            let verdict = await board.member(host)?.isClosing == true ? verdict(on: await board.version) : .notYet
            isHeard = verdict == .heard
            let bound = verdict == .unknown ? Self.firstPatience : Self.patience
            if isHeard || ContinuousClock.now - start >= bound { break }
            try? await Task.sleep(for: Self.lookPause)
        }
        try? await Task.sleep(for: Self.tellingTime)
        return isHeard
    }
}

import Foundation
import Synchronization

/// What is seen of a stack while a fault is on, in order.
final class Notes: Sendable {
    private struct State {
        var struckAt: Duration?
        var struckDate: Date?
        var overAt: Duration?
        var away = Duration.zero
        var marks: [FaultRun.Mark] = []
        var last = ""
        var primary: String?
    }

    static let mostMarks = 40
    private let state = Mutex(State())

    var struckAt: Duration? { state.withLock { $0.struckAt } }

    var struckDate: Date? { state.withLock { $0.struckDate } }

    var recovery: Duration? {
        state.withLock { state in
            guard let from = state.struckAt, let to = state.overAt else { return nil }
            return to - from
        }
    }

    var away: Duration { state.withLock { $0.away } }

    var marks: [FaultRun.Mark] { state.withLock { $0.marks.sorted { $0.atMilliseconds < $1.atMilliseconds } } }

    func struck(at time: Duration) {
        state.withLock { state in
            state.struckAt = time
            state.struckDate = Date()
            Self.add("struck", time, &state)
        }
    }

    /// - Parameter away: how much of it a machine took to boot.
    func isOver(at time: Duration, away: Duration = .zero) {
        state.withLock { state in
            state.overAt = time
            state.away = away
            Self.add("all runs again", time, &state)
        }
    }

    /// A look at the stack: only what has changed is noted.
    func add(_ word: String, _ primary: String?, at time: Duration) {
        state.withLock { state in
            if word != state.last, state.struckAt != nil {
                if word != "up" { Self.add(word, time, &state) }
                state.last = word
            }
            if let primary, primary != state.primary {
                if state.primary != nil { Self.add("\(primary) is primary", time, &state) }
                state.primary = primary
            }
        }
    }

    private static func add(_ text: String, _ time: Duration, _ state: inout State) {
        guard state.marks.count < mostMarks else { return }
        state.marks.append(FaultRun.Mark(atMilliseconds: Int(time / .milliseconds(1)), text: text))
    }
}

/// When what was ended.
struct Pace {
    static let most = 3
    static let within = Duration.seconds(65)
    private var ended: [Part: [ContinuousClock.Instant]] = [:]

    mutating func struck(_ parts: [Part]) {
        let now = ContinuousClock.now
        for part in parts {
            ended[part, default: []].append(now)
            ended[part]?.removeAll { now - $0 > Self.within }
        }
    }

    /// How long to leave them alone first.
    func wait(for parts: [Part]) -> Duration {
        let now = ContinuousClock.now
        return parts.map { part in
            let times = (ended[part] ?? []).filter { now - $0 <= Self.within }
            return times.count < Self.most ? .zero : Self.within - (now - times[times.count - Self.most])
        }.max() ?? .zero
    }
}

import Foundation
import TandemFailover
import TandemFailoverDriver

/// What users felt of the strikes of one drill, and where the time went.
struct DrillFigures {
    struct Strike {
        var struckAt: Date
        /// Until the first write was acknowledged that began after the strike.
        var accepted: Duration
        /// The longest time without an acknowledgement until then, and from then on until the pair was whole.
        var pause: Duration
        var laterPause: Duration
        var whole: Duration
        var change: ChangeTimes?
    }

    var strikes: [Strike] = []

    private static func spread(_ times: [Duration]) -> String {
        let sorted = times.sorted()
        guard let worst = sorted.last else { return "-" }
        return "\(text(sorted[sorted.count / 2])) … \(text(worst))"
    }

    private static func text(_ time: Duration) -> String { String(format: "%.3f", time / .seconds(1)) }

    /// Since the first suspicion, but for that, which is since the strike.
    private static let steps: [(String, @Sendable (Strike) -> Duration?)] = [
        ("detected", { strike in strike.change.map { .seconds($0.detectedAt.timeIntervalSince(strike.struckAt)) } }),
        ("sealed", { $0.change?.sealed.map { .milliseconds($0) } }),
        ("promoted", { $0.change?.promoted.map { .milliseconds($0) } }),
        ("applied", { $0.change?.applied.map { .milliseconds($0) } }),
        ("opened", { $0.change?.opened.map { .milliseconds($0) } }),
    ]

    /// Median and worst, in seconds.
    func text(_ fault: String) -> String {
        var words = "drill: \(fault), \(strikes.count) times, median … worst in seconds: "
        words += "writes again after \(Self.spread(strikes.map(\.accepted))), "
        words +=
            "longest pause \(Self.spread(strikes.map(\.pause))), later \(Self.spread(strikes.map(\.laterPause))), pair whole after \(Self.spread(strikes.map(\.whole)))"
        for (step, time) in Self.steps {
            let times = strikes.compactMap(time)
            if !times.isEmpty { words += "; \(step) \(Self.spread(times))" }
        }
        return words
    }
}

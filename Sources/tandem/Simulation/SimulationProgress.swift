import Foundation
import TandemOperator
import TandemSimulation

/// One line on a terminal's standard error that is written over and over.
struct SimulationProgress {
    let isShown: Bool

    /// So few that the line fits 80 columns with a million schedules, too: a line that wraps is not written over.
    private static let cells = 20

    func show(_ progress: SimulationRunner.Progress, elapsed: Duration) {
        guard isShown else { return }
        Terminal.write("\r\u{1B}[K\(Self.line(progress, elapsed: elapsed))", to: .standardError)
    }

    func clear() {
        guard isShown else { return }
        Terminal.write("\r\u{1B}[K", to: .standardError)
    }

    static func line(_ progress: SimulationRunner.Progress, elapsed: Duration) -> String {
        let filled = progress.schedules == 0 ? 0 : progress.done * cells / progress.schedules
        let bar = String(repeating: "█", count: filled) + String(repeating: "░", count: cells - filled)
        let seconds = max(elapsed / .seconds(1), 0.001)
        let rate = Double(progress.done) / seconds
        let left = rate > 0 ? Double(progress.schedules - progress.done) / rate : 0
        let words = "\(progress.done.grouped) of \(progress.schedules.grouped), \(Int(rate).grouped)/s"
        let violations = "\(progress.violations) violation\(progress.violations == 1 ? "" : "s")"
        return "\(bar) \(words), \(Int(left.rounded(.up)).grouped) s left, \(violations)"
    }
}

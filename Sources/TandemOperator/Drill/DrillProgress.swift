import Foundation
import Synchronization
import TandemDrill

/// What goes on, on standard error: a line for each fault that was tried and, on a terminal, one that is written over.
final class DrillProgress: Sendable {
    private let ledger: Ledger
    private let isShown: Bool
    private let style = Style(isColored: Terminal.isErrorColored)
    private let now = Mutex("")
    private let start = ContinuousClock.now

    init(ledger: Ledger, isShown: Bool) {
        self.ledger = ledger
        self.isShown = isShown
    }

    func begin(stack: String, faults: Int, plan: TrafficPlan, options: DrillOptions) {
        let writes = plan.write == nil ? "reads only" : "reads and writes"
        let strikes = faults * options.repeats
        Terminal.line(
            style.bold("Drilling \(stack)")
                + ": \(strikes) \(strikes == 1 ? "fault" : "faults"), \(Int(plan.rate)) requests a second (\(writes)), "
                + "seed \(options.seed). Ctrl-C heals and ends it.")
    }

    /// Draws the line until cancelled.
    func run() async {
        while !Task.isCancelled {
            if isShown {
                let progress = ledger.progress
                let failed = progress.reads.failed + progress.writes.failed + progress.writes.unknown
                let sent = progress.reads.sent + progress.writes.sent
                let words = "\(now.withLock { $0 })  \(sent.grouped) requests, \(failed) not answered"
                Terminal.write("\r\u{1B}[K\(words.prefix((Terminal.columns ?? 80) - 1))", to: .standardError)
            }
            try? await Task.sleep(for: .milliseconds(200))
        }
    }

    func clear() {
        if isShown { Terminal.write("\r\u{1B}[K", to: .standardError) }
    }

    @Sendable func tell(_ event: DrillEvent) {
        switch event {
        case .waiting(let words): say("waiting \(words)")
        case .trying(let name, _, let place, let count): now.withLock { $0 = "\(place)/\(count) \(name)" }
        case .settling(let writes): say("asking the app which of \(writes) writes it has")
        case .tried(let run):
            clear()
            if let obstacle = run.obstacle {
                Terminal.line("  \(style.dim("–")) \(run.name): not tested: \(Terminal.printable(obstacle))")
                return
            }
            let window = run.window
            let failed = window.reads.failed + window.writes.failed + window.writes.unknown
            let areReadsWell = window.reads.failed == 0 || !run.areReadsPromised
            let mark = run.trouble == nil && areReadsWell ? style.green("·") : style.red("!")
            let back = run.recovery.map { String(format: "%.1f s", $0 / .seconds(1)) } ?? "-"
            Terminal.line(
                "  \(mark) \(StepPrinter.padded(run.name, 24)) \(window.reads.sent + window.writes.sent) requests, "
                    + "\(failed) not answered, back after \(back)")
        }
    }

    private func say(_ words: String) {
        now.withLock { $0 = words }
        if !isShown { Terminal.line("    \(style.dim(words))") }
    }
}

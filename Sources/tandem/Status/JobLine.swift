import Foundation
import TandemOperator
import TandemTopology

/// One scheduled job in a line of `status`: how its last run went, and when it is due next.
struct JobLine {
    let job: JobStatus
    let now: Date

    func text(_ style: Style) -> String {
        let line = "\(mark) \(StepPrinter.padded(job.name, 12)) \(Terminal.printable(story)); next at \(job.nextDue)"
        return switch job.state {
        case .failed, .lost: style.red("\(line)\n    See: tandem logs \(job.name)")
        case .running: style.green(line)
        case .waiting, .succeeded: style.dim(line)
        }
    }

    private var mark: String {
        switch job.state {
        case .waiting: "○"
        case .running: "◌"
        case .succeeded: "●"
        case .failed, .lost: "✗"
        }
    }

    private var story: String {
        guard let last = job.last else { return "has not run yet" }
        switch job.state {
        case .waiting: return "has not run yet"
        case .running: return "has run on \(last.host) for \(age(last.began))"
        case .succeeded: return "succeeded on \(last.host) \(age(last.ended ?? last.began)) ago"
        case .failed, .lost:
            let when = age(last.ended ?? last.began)
            return "\(last.detail ?? job.state.rawValue) (\(last.host), \(when) ago)"
        }
    }

    private func age(_ time: String) -> String {
        guard let date = try? Date(time, strategy: .iso8601) else { return "?" }
        return Age.text(max(0, Int(now.timeIntervalSince(date))))
    }
}

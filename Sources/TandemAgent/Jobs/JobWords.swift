import Foundation
import TandemBlueprint
import TandemCoordination
import TandemServices
import TandemStack
import TandemTopology

/// What is said of a job's runs, in logs and in `status`.
enum JobWords {
    static func status(of job: JobBlueprint, _ standing: JobStanding?, now: Int) -> JobStatus {
        JobStatus(
            name: job.name, state: state(standing), at: job.schedule.text, nextDue: time(job.schedule.next(after: now)),
            last: standing?.last.map { run in
                JobStatus.Run(
                    host: run.host, began: time(run.began), ended: run.ended.map(time),
                    exitStatus: run.outcome?.exitStatus,
                    detail: standing?.isRunning == true ? nil : ending(run))
            })
    }

    /// The last run of a job.
    static func report(_ standing: JobStanding?) -> JobReport? {
        standing?.last.map { run in
            JobReport(
                id: run.id, host: run.host, state: state(standing), began: time(run.began), ended: run.ended.map(time),
                detail: standing?.isRunning == true ? nil : ending(run))
        }
    }

    private static func state(_ standing: JobStanding?) -> JobStatus.State {
        guard let standing, let last = standing.last else { return .waiting }
        switch last.outcome {
        case nil: return standing.isRunning ? .running : .lost
        case .unseen: return .lost
        case .exited(status: 0): return .succeeded
        case .exited, .killed, .timedOut, .stopped, .notStarted: return .failed
        }
    }

    /// Completes "it …".
    static func ending(_ run: JobRun) -> String {
        switch run.outcome {
        case .exited(let status): "exited with status \(status)"
        case .killed(let signal): "was ended by signal \(signal)"
        case .timedOut: "was ended at its timeout"
        case .stopped: "was ended because the services of \(run.host) were stopped"
        case .notStarted(let reason): "was not started: \(reason)"
        case .unseen where run.ended != nil: "ended, and nobody saw how: the agent of \(run.host) was away"
        case .unseen, nil: "began, and did not end: \(run.host) was away"
        }
    }

    static func beginning(_ run: JobRun) -> String {
        run.due.map { "began; it was due at \(time($0))" } ?? "began; it was started by hand"
    }

    /// A due time at which an earlier run still goes on.
    static func skipping(_ due: Int, _ earlier: JobRun?) -> String {
        "skipped what was due at \(time(due)): \(goingOn(earlier))"
    }

    /// Why a job cannot be run now.
    static func goingOn(_ earlier: JobRun?) -> String {
        let which = earlier.map { "the run that began at \(time($0.began)) on \($0.host)" } ?? "an earlier run"
        return "\(which) still goes on, or has not been seen to end"
    }

    static func time(_ seconds: Int) -> String { Date(timeIntervalSince1970: Double(seconds)).iso8601 }
}

extension JobRun.Outcome {
    init(_ ending: RunningProcess.Ending) {
        switch ending {
        case .exited(let status): self = .exited(status: status)
        case .killed(let signal): self = .killed(signal: signal)
        case .unknown: self = .unseen
        }
    }

    var exitStatus: Int? { if case .exited(let status) = self { Int(status) } else { nil } }
}

import TandemCoordination
import TandemStack

/// What Prometheus is told of one job: by what this agent knows, as all agents do.
struct JobFigures: Sendable, Equatable {
    /// From a due time until an agent that did not run it itself knows of the run: the time in which one is begun at
    /// all, and two readings of etcd.
    static let patienceSeconds = 90

    var name: String
    /// Whether its last run ended otherwise than with status 0, or was lost with its host.
    var hasFailed = false
    var isRunning = false
    /// When its last run began, in seconds since 1970.
    var began: Int?
    /// Whether a due time has passed without a run.
    var isOverdue = false

    /// - Parameters:
    ///   - standing: nil: etcd has not been read yet.
    ///   - since: from when on this agent has looked after jobs. What was due before is not its to judge: the stack may
    ///     have been down on purpose.
    init(_ name: String, _ schedule: CronSchedule, _ standing: JobStanding?, since: Int, now: Int) {
        self.name = name
        guard let standing else { return }
        isRunning = standing.isRunning
        began = standing.last?.began
        if let last = standing.last, !standing.isRunning { hasFailed = last.outcome != .exited(status: 0) }
        // What came due while a run went on was skipped, not missed.
        let seen = max(since, standing.last?.due ?? 0, standing.last?.ended ?? 0)
        isOverdue = !standing.isRunning && schedule.next(after: seen) + Self.patienceSeconds < now
    }
}

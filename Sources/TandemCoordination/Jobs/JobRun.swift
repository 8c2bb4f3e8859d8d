/// One run of a scheduled job, as etcd keeps it.
public struct JobRun: Codable, Sendable, Equatable {
    /// How it ended, where it did.
    public enum Outcome: Codable, Sendable, Equatable {
        case exited(status: Int32)
        case killed(signal: Int32)
        /// It ran into its time limit and was ended.
        case timedOut
        /// It was ended because its host's services were stopped.
        case stopped
        /// No process could be started; in words.
        case notStarted(String)
        /// It is gone, and nobody saw how it ended.
        case unseen
    }

    /// Another one for each run.
    public var id: String
    public var host: String
    /// When it was due, in seconds since 1970; nil: it was started by hand.
    public var due: Int?
    /// In seconds since 1970.
    public var began: Int
    public var ended: Int?
    public var outcome: Outcome?

    public init(
        id: String, host: String, due: Int?, began: Int, ended: Int? = nil, outcome: Outcome? = nil
    ) {
        self.id = id
        self.host = host
        self.due = due
        self.began = began
        self.ended = ended
        self.outcome = outcome
    }
}

/// What etcd says of a job.
public struct JobStanding: Sendable, Equatable {
    /// nil: it never ran.
    public var last: JobRun?
    /// Whether the last run still counts as running.
    public var isRunning: Bool

    public init(last: JobRun?, isRunning: Bool) {
        self.last = last
        self.isRunning = isRunning
    }
}

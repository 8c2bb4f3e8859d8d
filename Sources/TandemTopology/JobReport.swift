/// What an agent says of one run of a job that was started by hand.
public struct JobReport: Codable, Sendable, Equatable {
    /// Another one for each run.
    public var id: String
    public var host: String
    public var state: JobStatus.State
    /// When it began, ISO 8601 in UTC.
    public var began: String
    public var ended: String?
    /// How it ended, in words that complete "it …"; missing while it runs.
    public var detail: String?

    public init(
        id: String, host: String, state: JobStatus.State, began: String, ended: String? = nil, detail: String? = nil
    ) {
        self.id = id
        self.host = host
        self.state = state
        self.began = began
        self.ended = ended
        self.detail = detail
    }
}

/// What becomes of an order to run a job now.
public enum JobStart: Codable, Sendable, Equatable {
    case began(JobReport)
    /// Nothing was started; why, as a sentence.
    case refused(String)
    /// As `refused`, for a reason that is this host's alone.
    case unready(String)
}

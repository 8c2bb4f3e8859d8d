/// What an agent knows of one scheduled job of the app.
public struct JobStatus: Codable, Sendable, Equatable {
    public enum State: String, Codable, Sendable {
        /// It has not run yet.
        case waiting
        case running
        /// Its last run ended with exit status 0.
        case succeeded
        /// Its last run ended otherwise.
        case failed
        /// Its last run began, and nobody knows that it ended: its host died meanwhile.
        case lost
    }

    public var name: String
    public var state: State
    /// As in the stack file.
    public var at: String
    /// When it is due next, ISO 8601 in UTC.
    public var nextDue: String
    public var last: Run?

    /// A job's last run. Times are ISO 8601 in UTC.
    public struct Run: Codable, Sendable, Equatable {
        public var host: String
        public var began: String
        public var ended: String?
        /// Missing where it did not end by itself.
        public var exitStatus: Int?
        /// How it ended, in words; missing while it runs.
        public var detail: String?

        public init(host: String, began: String, ended: String? = nil, exitStatus: Int? = nil, detail: String? = nil) {
            self.host = host
            self.began = began
            self.ended = ended
            self.exitStatus = exitStatus
            self.detail = detail
        }

        enum CodingKeys: String, CodingKey {
            case host, began, ended, detail
            case exitStatus = "exit_status"
        }
    }

    public init(name: String, state: State, at: String, nextDue: String, last: Run? = nil) {
        self.name = name
        self.state = state
        self.at = at
        self.nextDue = nextDue
        self.last = last
    }

    enum CodingKeys: String, CodingKey {
        case name, state, at, last
        case nextDue = "next_due"
    }
}

extension [JobStatus] {
    /// The one with the newer knowledge of the same job: its last run began later, or is known to have ended.
    public static func newest(_ reports: [JobStatus]) -> JobStatus? {
        reports.max { left, right in
            func rank(_ report: JobStatus) -> (String, Int) {
                let isOver = report.state == .succeeded || report.state == .failed || report.state == .lost
                return (report.last?.began ?? "", isOver ? 1 : 0)
            }
            return rank(left) < rank(right)
        }
    }
}

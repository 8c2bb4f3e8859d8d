/// What the app does at given times: a command that runs once each time, on one host.
public struct Job: Codable, Sendable, Equatable {
    /// As in `status` and `logs`: no service's, worker's or host's name.
    public var name: String
    /// The command line, given to `/bin/sh -c`.
    public var run: String
    public var schedule: CronSchedule
    /// How long it may run; then it is told to end.
    public var timeoutSeconds: Int
    /// How long it may take to end then; then SIGKILL.
    public var stopTimeoutSeconds: Int

    public init(
        name: String, run: String, schedule: CronSchedule, timeoutSeconds: Int = 3600, stopTimeoutSeconds: Int
    ) {
        self.name = name
        self.run = run
        self.schedule = schedule
        self.timeoutSeconds = timeoutSeconds
        self.stopTimeoutSeconds = stopTimeoutSeconds
    }

    /// The most of them that a stack has.
    public static let most = 20
}

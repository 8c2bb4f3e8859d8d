public import TandemStack

/// A command that a host may run at given times.
public struct JobBlueprint: Codable, Sendable, Equatable {
    /// Its process. It starts nothing by itself, so its readiness says nothing.
    public var service: ServiceBlueprint
    public var schedule: CronSchedule
    /// How long it may run.
    public var timeoutSeconds: Int

    public init(service: ServiceBlueprint, schedule: CronSchedule, timeoutSeconds: Int) {
        self.service = service
        self.schedule = schedule
        self.timeoutSeconds = timeoutSeconds
    }

    public var name: String { service.statusName }
}

extension Site {
    /// The app's scheduled jobs, each of which this host may come to run.
    var jobs: [JobBlueprint] {
        stack.app.jobs.map { job in
            JobBlueprint(
                service: ServiceBlueprint(
                    name: .job,
                    label: job.name,
                    command: AppCommand(run: job.run).words,
                    environment: processEnvironment,
                    workingDirectory: stack.app.workingDirectory,
                    account: .application,
                    readiness: .running,
                    startTimeoutSeconds: job.timeoutSeconds,
                    stop: .init(signal: App.StopSignal.term.number, boundSeconds: job.stopTimeoutSeconds),
                    listeners: [],
                    after: [.router],
                    needsDatabase: true),
                schedule: job.schedule, timeoutSeconds: job.timeoutSeconds)
        }
    }
}

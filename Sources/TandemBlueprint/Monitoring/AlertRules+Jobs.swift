import TandemStack

extension AlertRules {
    /// About the app's scheduled jobs; none where there are none.
    var jobs: [AlertRule] {
        guard !stack.app.jobs.isEmpty else { return [] }
        return [
            AlertRule(
                name: "JobFailed", expression: "max by (name) (tandem_job_failed) == 1", seconds: 0, severity: .ticket,
                summary: "The job {{ $labels.name }} has not done its work: its last run did not end with status 0.",
                next: "tandem logs {{ $labels.name }}"),
            // An agent that was started since, or that etcd does not answer, knows less than the others.
            AlertRule(
                name: "JobMissed", expression: "min by (name) (tandem_job_overdue) == 1", seconds: 0, severity: .ticket,
                summary: "The job {{ $labels.name }} was due, and no host has run it.",
                next: "tandem logs agent"),
        ]
    }
}

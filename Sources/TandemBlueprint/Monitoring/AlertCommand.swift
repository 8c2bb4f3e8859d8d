import TandemStack

/// What a host runs for each message of its Alertmanager, which runs no commands itself: it sends the message to its
/// host's agent.
public enum AlertCommand {
    /// Of its log, its records and `tandem logs`; no worker or job can be called so.
    public static let name = "alertmanager-command"
    /// How long one run may take. Alertmanager waits for a minute, and would send the message again.
    public static let timeoutSeconds = 30
    /// Of the agent's API.
    public static let path = "/alerts"
    /// Of how many alerts one message tells at most.
    static let mostAlerts = 200
}

extension Site {
    /// nil where the stack file names none.
    var alertCommand: ServiceBlueprint? {
        guard let command = stack.monitoring?.alerts.command else { return nil }
        // The folder of the stack file is on a host of its own only where there is a release of the app.
        let hasFolder = host.isOnLoopback || host.has(.app) || host.has(.web)
        return ServiceBlueprint(
            name: .job,
            label: AlertCommand.name,
            // What it is told comes as descriptor 3.
            command: ["/bin/sh", "-c", "exec <&3 3<&-\n\(command)"],
            environment: ["TANDEM_STACK": EnvironmentValue(stack.name)],
            workingDirectory: hasFolder ? stack.app.workingDirectory : layout.temporaryFolder,
            account: .application,
            readiness: .running,
            startTimeoutSeconds: AlertCommand.timeoutSeconds,
            stop: .init(signal: App.StopSignal.term.number, boundSeconds: 2),
            listeners: [],
            after: [.alertmanager])
    }
}

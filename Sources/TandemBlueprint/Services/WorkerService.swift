import TandemStack

extension Site {
    /// The app's workers that this host runs.
    var workerServices: [ServiceBlueprint] { stack.app.workers.map(workerService) }

    private func workerService(_ worker: Worker) -> ServiceBlueprint {
        ServiceBlueprint(
            name: .worker,
            label: worker.name,
            command: AppCommand(run: worker.run).words,
            environment: processEnvironment,
            workingDirectory: stack.app.workingDirectory,
            account: .application,
            readiness: .running,
            startTimeoutSeconds: Self.workerStartSeconds,
            stop: .init(signal: worker.stopSignal.number, boundSeconds: worker.stopTimeoutSeconds),
            listeners: [],
            after: [.router],
            needsDatabase: true,
            placement: worker.placement == .one ? .one : nil)
    }

    /// It counts as started after a moment; see `RestartLoop`. This is for a busy machine.
    private static let workerStartSeconds = 30
}

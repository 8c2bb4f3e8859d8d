import TandemAgent
import TandemBlueprint
import TandemStack
import TandemTopology

/// Restarts services one after the other: each serves again before the next one ends.
package struct RollingRestart: Sendable {
    package let applied: AppliedStack
    package let folder: StackFolder
    let client: AgentClient
    let steps: StepPrinter

    package init(applied: AppliedStack, folder: StackFolder, client: AgentClient, steps: StepPrinter) {
        self.applied = applied
        self.folder = folder
        self.client = client
        self.steps = steps
    }

    /// A restart is how a new build of the app is taken up, which may need to prepare something first.
    package func prepareApp() async throws {
        guard applied.stack.app.prepare != nil, let host = applied.stack.hosts(.app).first else { return }
        let start = ContinuousClock.now
        do {
            try await client.prepare(AppliedHost.load(host: host.name, folder: folder), on: host)
        } catch let error as StateError {
            throw Failure(.failed, "\(error)\n\nNothing was restarted. See all of its log: tandem logs prepare")
        }
        steps.done(host.name, "prepare done", seconds: (ContinuousClock.now - start) / .seconds(1))
    }

    package func restart(_ service: ServiceBlueprint, on host: Host) async throws {
        let name = service.statusName
        let start = ContinuousClock.now
        guard let status = try? await client.status(of: host) else {
            throw Failure(.failed, "the agent of \(host.name) does not answer; see: tandem logs agent")
        }
        let last = status.services.first { $0.name == name }
        // A worker that one host at a time runs, and not this one.
        if last?.state == .waiting {
            steps.note("\(name) on \(host.name) waits: \(last?.detail ?? "it runs on another host")")
            return
        }
        // What does not run cannot be missed.
        if last?.state == .running {
            try await LastInstanceCheck(stack: applied.stack, client: client).check(name, besides: host)
        }
        let bound = Duration.seconds(service.stop.boundSeconds + service.startTimeoutSeconds + 30)
        do {
            try await client.restart(name, on: host, timeout: bound)
            let wait = HostWait(folder: folder, client: client)
            try await wait.restarted(name, of: host, after: last?.pid, bound: bound)
            if service.name == .mysql { try await wait.replicated(applied.stack, isComplete: false) }
            if service.name != .haproxy { try await Task.sleep(for: Suspicion.pause) }
        } catch let failure as HostFailure {
            throw Failure(
                .failed,
                "\(failure.service ?? name) on \(failure.host) did not come back:\n\(failure.reason)\n\n"
                    + "Nothing else was restarted. See all of its log: tandem logs \(failure.service ?? name)")
        }
        steps.done(host.name, "\(name) restarted", seconds: (ContinuousClock.now - start) / .seconds(1))
    }
}

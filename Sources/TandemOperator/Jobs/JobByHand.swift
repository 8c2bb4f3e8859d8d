import Foundation
import TandemAgent
import TandemStack
import TandemTopology

/// Runs a job of the app now, on one host, and waits for its end.
package struct JobByHand: Sendable {
    let applied: AppliedStack
    let folder: StackFolder
    let client: AgentClient
    let name: String
    private let steps = StepPrinter()

    /// An agent may begin anew meanwhile.
    private static let silenceBound = Duration.seconds(30)
    private static let askInterval = Duration.milliseconds(300)
    /// In which its last lines are read.
    private static let lastLines = Duration.milliseconds(500)

    /// - Throws: `Failure` unless the run ended with exit status 0.
    package static func run(_ name: String, file: String?) async throws {
        let project = try Project.load(file: file)
        guard let applied = project.running else {
            throw project.notRunning
        }
        try JobVerdict.check(name, among: applied.stack.app.jobs)
        let client = try project.agentClient()
        do {
            try await JobByHand(applied: applied, folder: project.folder, client: client, name: name).run()
        } catch {
            await client.shutdown()
            throw error
        }
        await client.shutdown()
    }

    private func run() async throws {
        var reasons: [String] = []
        for host in try await candidates() {
            let follow = LogReader(applied: applied, folder: folder, only: name, hosts: [host.name]).following()
            let start = ContinuousClock.now
            switch try await client.startJob(name, on: host) {
            case .began(let report): return try await see(report, host, start, follow)
            case .refused(let reason): throw Failure(.failed, "\(name) was not started: \(reason)")
            case .unready(let reason): reasons.append(reason)
            }
        }
        throw Failure(.failed, "\(name) was not started: \(reasons.joined(separator: "; "))")
    }

    private func see(
        _ report: JobReport, _ host: Host, _ start: ContinuousClock.Instant,
        _ follow: @escaping @Sendable () async -> Void
    ) async throws {
        // Those of other machines the operator's machine follows.
        let hasLogs = applied.stack.isOnThisMachine
        steps.headline("\(name) runs on \(host.name)")
        let verdict = try await withThrowingTaskGroup(of: JobVerdict?.self) { group in
            if hasLogs {
                group.addTask {
                    await follow()
                    return nil
                }
            }
            group.addTask { try await wait(report, host) }
            group.addTask { [name] in
                await StopSignals().wait()
                try Task.checkCancellation()
                throw Failure(.failed, "\(name) is still running on \(host.name); `tandem status` shows how it ends")
            }
            defer { group.cancelAll() }
            while let answer = try await group.next() {
                guard let verdict = answer else { continue }
                // Here or on the operator's machine.
                try await Task.sleep(for: Self.lastLines)
                return verdict
            }
            return .goesOn
        }
        if case .failed(let words) = verdict {
            throw Failure(.failed, "\(name) on \(host.name) \(words). See all of its log: tandem logs \(name)")
        }
        steps.done(host.name, "\(name) exited with status 0", seconds: (ContinuousClock.now - start) / .seconds(1))
    }

    /// The app hosts whose agents answer. The next one is asked only where one says that it cannot: an order without an
    /// answer may have been carried out.
    private func candidates() async throws -> [Host] {
        var hosts: [Host] = []
        for host in applied.stack.hosts(.app) {
            guard let status = try? await client.status(of: host) else { continue }
            if status.jobs?.contains(where: { $0.name == name }) == true { hosts.append(host) }
        }
        if !hosts.isEmpty { return hosts }
        throw Failure(.failed, "no app host's agent answers that knows \(name); see: tandem status")
    }

    private func wait(_ begun: JobReport, _ host: Host) async throws -> JobVerdict {
        var heard = ContinuousClock.now
        while true {
            try await Task.sleep(for: Self.askInterval)
            if let report = try? await client.jobReport(name, id: begun.id, of: host) {
                heard = .now
                let verdict = JobVerdict(report, id: begun.id)
                if verdict != .goesOn { return verdict }
            } else if ContinuousClock.now - heard > Self.silenceBound {
                throw Failure(
                    .failed, "the agent of \(host.name) does not answer; `tandem status` shows how \(name) ended")
            }
        }
    }
}

import Foundation
import TandemAgent
import TandemBlueprint
import TandemDrill
import TandemKeeper
import TandemServices
import TandemStack
import TandemTopology

/// A stack on this machine, as a drill asks it for things.
package struct LocalDrilledStack: DrilledStack {
    package let project: Project
    package let applied: AppliedStack
    let client: AgentClient
    /// Where something watches the stack.
    var monitors: AlertSession?

    /// Does something with a way to the stack's monitors, where it has some.
    func watched<R: Sendable>(_ body: (LocalDrilledStack) async throws -> R) async throws -> R {
        guard !applied.stack.monitors.isEmpty else { return try await body(self) }
        return try await AlertSession.on(applied.stack, project.folder) { session in
            var stack = self
            stack.monitors = session
            return try await body(stack)
        }
    }

    package func firing() async -> [FiredAlert]? {
        guard let alerts = try? await monitors?.alerts() else { return nil }
        let report = AlertReport(alerts, now: Date())
        guard report.isWatching else { return nil }
        return report.alerts.filter { !$0.isSilenced }.map { FiredAlert(name: $0.name, host: $0.host, at: $0.since) }
    }

    package func look() async -> StackLook {
        let status = await StatusReader(applied: applied, folder: project.folder, client: client).read()
        var look = StackLook(status)
        look.canSwitchOver = applied.stack.hosts(.database).count > 1
        look.ownDisks = ownDisks
        return look
    }

    /// Of hosts whose data lies on a small disk that nothing else of the stack is on.
    private var ownDisks: [String: String] {
        let folders = applied.stack.hosts(.database).map { ($0.name, "\(project.folder.host($0.name))/data") }
        let disks = folders.filter { name, folder in
            Ballast.isOwnDisk(
                folder, others: ["/", project.folder.path] + folders.filter { $0.0 != name }.map(\.1))
        }
        return Dictionary(disks) { first, _ in first }
    }

    package func switchOver() async throws {
        do {
            let session = FailoverSession(project: project, applied: applied, client: client)
            let (host, status) = try await session.best()
            guard let partner = status.partner else { throw DrillError("the primary has no partner") }
            try await client.switchOver(to: partner, asking: host)
        } catch let failure as Failure {
            throw DrillError(failure.message)
        }
    }

    package func restart(_ service: String, on host: String) async throws {
        try await restart(try await targets(["\(host)/\(service)"]))
    }

    package func restartApp() async throws {
        // Nothing is new, so there is nothing to prepare.
        try await restart(try await targets(["app"]))
    }

    package func keepDown(_ host: String, arm: @Sendable (Undo) async throws -> Void) async throws {
        let absence = HostAbsence(folder: project.folder, host: host)
        try await arm(.delete(absence.path))
        do {
            try absence.begin()
        } catch {
            throw DrillError("\(host) cannot be kept down: \(error)")
        }
    }

    package func isDown(_ host: String) async -> Bool {
        await !look().hosts.contains { $0.name == host && $0.agent != nil }
    }

    package func reboot(_ hosts: [String], bound: Duration) async throws {
        throw DrillError("the hosts of this stack are no machines")
    }

    package func letUp(_ host: String) async { HostAbsence(folder: project.folder, host: host).end() }

    package func start() async throws { try await Self.up(file: project.stackFile) }

    /// As a person starts it.
    package static func up(file: String) async throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: OwnProgram.path)
        process.arguments = ["up", "--detach", "--no-build", "--file", file]
        var environment = ProcessInfo.processInfo.environment
        environment[ProcessIdentity.markVariable] = nil
        process.environment = environment
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        let status: Int32 = try await withCheckedThrowingContinuation { continuation in
            process.terminationHandler = { continuation.resume(returning: $0.terminationStatus) }
            do { try process.run() } catch { continuation.resume(throwing: error) }
        }
        guard status == 0 else { throw DrillError("`tandem up` ended with status \(status); see what it says") }
    }

    private func targets(_ names: [String]) async throws -> [RestartTargets.Target] {
        let primary = await look().primary
        return try RestartTargets(applied: applied, folder: project.folder, primary: primary).resolve(names)
    }

    private func restart(_ targets: [RestartTargets.Target]) async throws {
        let rolling = RollingRestart(
            applied: applied, folder: project.folder, client: client, steps: StepPrinter(isSilent: true))
        do {
            for target in targets { try await rolling.restart(target.service, on: target.host) }
        } catch let failure as Failure {
            throw DrillError(failure.message)
        }
    }
}

extension StackLook {
    package init(_ status: StackStatus) {
        self.init(
            isWhole: status.state == .up,
            hosts: status.hosts.map { host in
                StackLook.Host(
                    name: host.name, agent: host.agent.pid,
                    services: host.services.inRequestOrder.map {
                        StackLook.Service(name: $0.name, pid: $0.pid, isRunning: $0.state == .running)
                    })
            },
            keeper: status.keeper.pid, primary: status.database?.primary, state: status.state.rawValue)
    }
}

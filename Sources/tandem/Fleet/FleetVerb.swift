import ArgumentParser
import Foundation
import TandemFleet
import TandemOperator
import TandemStack

/// How a command is carried out where the stack's hosts are machines of their own.
enum FleetVerb: Equatable, Sendable {
    /// By its own code, on the operator's machine.
    case here
    /// - Parameter leavesOutBuild: whether `app: build` is left out.
    case up(leavesOutBuild: Bool)
    case plan(isJSON: Bool, exitCode: Bool)
    case down
    case destroy(isConfirmed: Bool)
    case logs(FleetLogs.Request)
    case job(String)
    case releases(isJSON: Bool)
    case rollback(String?)
    case open
    /// - Parameter port: 0: any that is free.
    case dashboard(port: Int)
    case trust(isTakenBack: Bool)
    case drill(DrillRequest, isConfirmed: Bool)
    /// By the program on any of the hosts that answers, which reaches all others.
    /// - Parameter isChange: whether the command holds the operators' lock on the hosts. `failover` is not held up by a
    ///   lock that somebody left.
    case onAnyHost(isChange: Bool)
    /// On the host that it names, or that it is about when it names none, as the account of the stack there.
    case onHost(String?, RemoteCommand.Subject)
    /// Not for such stacks, or not yet.
    case refused(String)

    /// - Returns: nil for a command that asks nothing of a stack that runs.
    init?(_ command: any ParsableCommand) {
        switch command {
        case is DoctorCommand: self = .here
        case let command as UpCommand:
            self =
                command.adopt == nil
                ? .up(leavesOutBuild: command.leavesOutBuild)
                : .refused("--adopt works on a stack of this machine alone")
        case let command as PlanCommand:
            self = .plan(isJSON: command.output.format == .json, exitCode: command.exitCode)
        case is DownCommand: self = .down
        case let command as DestroyCommand: self = .destroy(isConfirmed: command.yes)
        case let command as LogsCommand:
            self = .logs(.init(only: command.only, lines: command.lines, isFollowing: command.follow))
        case let command as JobCommand: self = .job(command.name)
        case let command as ReleasesCommand: self = .releases(isJSON: command.output.format == .json)
        case let command as RollbackCommand: self = .rollback(command.release)
        case is SwitchoverCommand, is RebuildCommand, is RestartCommand: self = .onAnyHost(isChange: true)
        case is StatusCommand, is TopCommand, is WhyCommand, is HistoryCommand, is FailoverCommand, is PauseCommand,
            is ResumeCommand, is AlertsCommand.List, is AlertsCommand.SilenceAlert,
            is AlertsCommand.Unsilence, is AlertsCommand.Test:
            self = .onAnyHost(isChange: false)
        case let command as MySQLCommand: self = .onHost(command.host, .primary)
        case let command as DumpCommand: self = .onHost(command.host, .replica)
        case let command as RunCommand: self = .onHost(command.host, .app)
        case let command as OpenCommand: self = command.dashboard ? .dashboard(port: command.port ?? 0) : .open
        case let command as TrustCommand: self = .trust(isTakenBack: command.remove)
        case let command as DrillCommand: self = .drill(command.request, isConfirmed: command.yes)
        default: return nil
        }
    }
}

/// A command about a stack whose hosts are machines of their own.
struct FleetLaunch {
    let command: any StackCommand
    let verb: FleetVerb

    /// - Returns: nil where the stack is this machine's, or its file says too little to tell.
    static func find(_ command: any ParsableCommand) -> FleetLaunch? {
        // On a host itself, the stack's folder is named.
        guard ProcessInfo.processInfo.environment[AccountEnvironment.stateVariable] == nil,
            let command = command as? any StackCommand, let verb = FleetVerb(command),
            verb != .here, let path = try? Project.locate(command.project.file),
            let data = Project.beginning(of: path), let text = String(data: data, encoding: .utf8),
            let stack = try? StackFile(
                text: text, name: Project.fileName, folder: (path as NSString).deletingLastPathComponent
            ).load(), !stack.isOnThisMachine
        else { return nil }
        return FleetLaunch(command: command, verb: verb)
    }

    func run() async throws {
        let project = try Project.load(command.project)
        try project.checkSSHConfiguration()
        if case .refused(let reason) = verb {
            throw Failure(
                .failed,
                "\(reason); '\(project.stack.name)' has hosts of its own (\(project.stack.hosts[0].name): "
                    + "\(project.stack.hosts[0].address))")
        }
        if verb == .trust(isTakenBack: true) { return try FleetVisit.distrust(project.stack) }
        try await Fleet.with(project.stack) { [verb] fleet in
            let fleet = FleetHosts(project: project, fleet: fleet)
            switch verb {
            case .up(let leavesOutBuild):
                try await FleetUp(hosts: fleet, version: .ofFolder, leavesOutBuild: leavesOutBuild)
                    .runUntilInterrupted()
            case .rollback(let release):
                try await FleetUp(hosts: fleet, version: .earlier(release)).runUntilInterrupted()
            case .dashboard(let port): try await FleetPage(hosts: fleet).run(port: port)
            case .open: try await FleetVisit(hosts: fleet).open()
            case .drill(let request, let isConfirmed):
                let isBroken = try await FleetDrill(hosts: fleet, request: request, isConfirmed: isConfirmed).run()
                if isBroken { throw ExitCode(ExitStatus.failed.rawValue) }
            case .trust: try await FleetVisit(hosts: fleet).trust()
            case .releases(let isJSON): try await FleetReleases(hosts: fleet).list(isJSON: isJSON)
            case .plan(let isJSON, let exitCode):
                try await FleetPlan(hosts: fleet, isJSON: isJSON, exitCode: exitCode).run()
            case .down: try await FleetDown(hosts: fleet).run()
            case .destroy(let isConfirmed): try await FleetDestroy(hosts: fleet, isConfirmed: isConfirmed).run()
            case .logs(let request): try await FleetLogs(hosts: fleet, request: request).run()
            case .job(let name): try await FleetJob(hosts: fleet, name: name).run()
            case .onAnyHost(let isChange): try await RemoteCommand(hosts: fleet).runOnAny(isChange: isChange)
            case .onHost(let name, let subject): try await RemoteCommand(hosts: fleet).run(on: name, subject)
            case .here, .refused: break
            }
        }
    }
}

import ArgumentParser
import CTandemSystem
import Foundation
import Glibc
import TandemAgent
import TandemEngines
import TandemOperator
import TandemStack

/// What root does before anything else: it gives itself up.
///
/// A command about a stack file becomes, for good, the account that the stack runs as, and runs this program again with
/// an environment of that account's, so that nothing of root's is left in its memory. Root itself reads a stack file
/// that is its own and that nobody else can change, makes accounts and empty folders, and works on nothing below a
/// folder that others can change.
enum RootLaunch {
    private static var isStep: Bool { ProcessInfo.processInfo.environment[AccountEnvironment.stepVariable] != nil }

    /// Returns where root goes on as root: in commands that are about the machine, and about nobody's files.
    static func run(_ arguments: [String]) throws {
        guard getuid() == 0 || geteuid() == 0 else {
            // What root redirected is among its descriptors: the account's other processes are to keep their hands off
            // it.
            if isStep { _ = tandem_keep_from_being_traced() }
            return
        }
        // The shell asks for words while a command line is typed.
        if arguments.first?.hasPrefix("---completion") == true { try becomeNobody() }
        // What cannot be parsed runs nothing; it is said where all are parsed.
        guard let command = try? Tandem.parseAsRoot(arguments), !isAboutMachine(command), !OperatorMode.isOn else {
            return
        }
        try RootTerminal.enterOwn()
        switch command {
        case is AgentCommand, is LauncherCommand, is KeeperCommand, is DrillHealerCommand:
            throw Failure(.usage, "keepers and agents do not run as root; a stack is started by: tandem up")
        case let command as InitCommand: try launch(command)
        case let command as SimulateCommand:
            guard command.stack != nil else { return try becomeNobody() }
            try launch(named: command.stack, command)
        case let command as DestroyCommand where !isStep: try destroy(command)
        case let command as EjectCommand where !isStep:
            try handOver(
                command, to: command.folder, mode: 0o700, isKept: Ejection.isKept, files: Ejection.filesBesideHosts)
        case let command as RenderCommand where !isStep && command.out != nil:
            try handOver(command, to: command.out ?? "", mode: 0o755, isKept: { _ in false }, files: [])
        case let command as any StackCommand: try launch(named: command.project.file, command)
        default: try becomeNobody()
        }
    }

    /// Those that touch what is the machine's and no stack's.
    private static func isAboutMachine(_ command: any ParsableCommand) -> Bool {
        switch command {
        case is Tandem, is EnginesCommand, is EnginesCommand.List, is EnginesCommand.Install, is EnginesCommand.Update,
            is EnginesCommand.Remove, is EnginesCommand.Link, is VersionCommand, is ManCommand, is DocsCommand,
            is CompletionsCommand, is HostCommand, is any HostCommand.Step, is DrillHandsCommand:
            true
        case let command as TrustCommand: !command.printAuthority
        default: false
        }
    }

    // MARK: - Commands

    private static func launch(named: String?, _ command: any ParsableCommand) throws {
        guard let file = try RootStackFile.locate(named) else { return try becomeNobody() }
        guard file.owner == 0 else {
            guard let account = UserAccount(user: file.owner) else {
                throw Failure(
                    .failed,
                    "\(file.path) belongs to user number \(file.owner), who has no entry in the user database; "
                        + "give it to a user: chown USER '\(file.path)'")
            }
            try become(account, file, own: nil)
        }
        try launchOwn(file, command)
    }

    /// A stack file of root's: the stack runs as a system user of its own.
    private static func launchOwn(_ file: RootStackFile, _ command: any ParsableCommand) throws {
        let own = try file.read()
        guard let name = own.name, let nobody = UserAccount.nobody else { return try becomeNobody(file) }
        let account = StackAccount(stack: name)
        // Root's own key opens the hosts, and the stack's account has none.
        if own.stack?.isOnThisMachine == false, FleetVerb(command) != nil {
            return
        }
        if command is UpCommand, let stack = own.stack, stack.isOnThisMachine {
            // A project that no such account could work with leaves no account behind.
            if try account.existing() == nil {
                let command = [OwnProgram.path, "check", "--file", file.path]
                let check = try RootTool.run(command, capturing: 1 << 20)
                guard check.status == 0 else { throw ExitCode(check.status) }
            }
            let user = try account.make()
            try installEngines(stack)
            try become(user, file, own: own)
        }
        let user = try account.existing()
        if command is DrillCommand, let user, let stack = own.stack, stack.isOnThisMachine {
            try DrillHands.leaveBehind(stack, account: user)
            try become(user, file, own: own, step: DrillHands.step)
        }
        try become(user ?? nobody, file, own: own)
    }

    /// Only root can write to its store.
    private static func installEngines(_ stack: Stack) throws {
        let setup = EngineSetup(stack)
        guard try !setup.isComplete() else { return }
        let outcome = try RootTool.run([OwnProgram.path, "engines", "install"] + setup.missingFromStore)
        guard outcome.status == 0 else { throw ExitCode(outcome.status) }
    }

    /// A stack file is written by whom the folder belongs to.
    private static func launch(_ command: InitCommand) throws {
        let folder = URL(fileURLWithPath: command.folder ?? ".").standardizedFileURL.resolvingSymlinksInPath().path
        var entry = tandem_entry()
        guard tandem_look_at(folder, 1, &entry) == 0 else { return try becomeNobody() }
        if let doubt = PathTrust.doubt(folder, user: entry.user) {
            throw Failure(
                .failed,
                "as root nothing is written to \(folder), since others can change it: \(doubt.path) \(doubt.reason)")
        }
        guard entry.user != 0 else {
            if entry.mode & S_ISVTX != 0 {
                throw Failure(.failed, "as root nothing is written to \(folder), since everybody may write there")
            }
            return
        }
        guard let account = UserAccount(user: entry.user) else {
            throw Failure(.failed, "\(folder) belongs to user number \(entry.user), who is not in the user database")
        }
        try become(account, nil, own: nil)
    }

    /// The stack deletes what it has; what is left is an empty folder, an account, and the machine's trust.
    private static func destroy(_ command: DestroyCommand) throws {
        let authority = try? StackAuthority.ofRoot(file: command.project.file, isQuiet: true)
        let file = try? RootStackFile.locate(command.project.file)
        let name = file?.owner == 0 ? try file?.read().name : nil
        var environment = ProcessInfo.processInfo.environment
        environment[AccountEnvironment.stepVariable] = "destroy"
        let arguments = [OwnProgram.path] + CommandLine.arguments.dropFirst()
        var step = try RootTool.run(arguments, environment: environment)
        if step.status == ExitStatus.leftovers.rawValue, let name {
            // What the app has left behind makes files as fast as they are deleted. It was confirmed before.
            try StackAccount(stack: name).endProcesses()
            step = try RootTool.run(arguments + (command.yes ? [] : ["--yes"]), environment: environment)
        }
        guard step.status == 0 else {
            // An authority whose key somebody may have kept is not to be believed for the sake of a file that cannot be
            // deleted.
            if step.status == ExitStatus.leftovers.rawValue { try authority?.forget() }
            throw ExitCode(step.status == ExitStatus.leftovers.rawValue ? ExitStatus.failed.rawValue : step.status)
        }
        if let name, let kept = try StackAccount(stack: name).retire() {
            Terminal.line(
                "its system user \(kept) stays, locked, so that nobody else is given its number; a stack of this name "
                    + "takes it up again")
        }
        try authority?.forget()
        throw ExitCode(ExitStatus.fine.rawValue)
    }

    /// What a stack of root's writes for root lands in a folder of root's; what another user's stack writes, that user
    /// writes.
    private static func handOver(
        _ command: any StackCommand, to folder: String, mode: UInt16, isKept: (String) -> Bool, files: [String]
    ) throws {
        // What is wrong with a stack file is said by the account.
        guard let file = try RootStackFile.locate(command.project.file), file.owner == 0,
            let stack = try file.read().stack
        else {
            return try launch(named: command.project.file, command)
        }
        if let command = command as? EjectCommand { try command.checkIsEmpty() }
        try HandOver.run(
            into: folder, mode: mode, isKept: isKept, names: Set(stack.hosts.map(\.name)).union(files))
        throw ExitCode(ExitStatus.fine.rawValue)
    }

    // MARK: - Giving up root

    private static func becomeNobody(_ file: RootStackFile? = nil) throws {
        guard let nobody = UserAccount.nobody else {
            throw Failure(.failed, "this machine has no user 'nobody'; run tandem as an ordinary user")
        }
        try become(nobody, file, own: nil)
    }

    /// - Parameter step: which of the steps of a command it is; nil: the only one, or as root was told.
    private static func become(
        _ account: UserAccount, _ file: RootStackFile?, own: RootStackFile.Contents?, step name: String? = nil
    ) throws -> Never {
        let program = OwnProgram.path
        var environment = AccountEnvironment(account: account, file: file, own: own).variables
        if let name { environment[AccountEnvironment.stepVariable] = name }
        try RootTerminal.leave()
        var step: UnsafePointer<CChar>?
        let keepsLowPorts = own?.wantsLowPorts == true
        guard
            tandem_give_up_root(
                account.user, account.group, account.groups, account.groups.count, keepsLowPorts ? 1 : 0, &step) == 0
        else {
            let reason = String(cString: strerror(errno))
            let doing = step.map { String(cString: $0) } ?? "give up root"
            throw Failure(.failed, "cannot become the user '\(account.name)': could not \(doing): \(reason)")
        }
        if let barrier = Barrier.find(program, for: X_OK) {
            throw Failure(
                .failed,
                "as root, tandem runs as '\(account.name)', who cannot run \(program): \(barrier.path) denies that user access "
                    + "(\(barrier.state)).\nInstall the program where everybody may run it, such as /usr/local/bin.")
        }
        if let file, let barrier = Barrier.find(file.path, for: R_OK) {
            throw Failure(.failed, BarredProject(file: file.path, account: account.name, barrier: barrier).text)
        }
        let failure = CStrings.with([CommandLine.arguments[0]] + CommandLine.arguments.dropFirst()) { arguments in
            CStrings.with(environment.map { "\($0)=\($1)" }.sorted()) { variables in
                _ = execve(program, arguments, variables)
                return errno
            }
        }
        throw Failure(.failed, "cannot run \(program): \(String(cString: strerror(failure)))")
    }
}

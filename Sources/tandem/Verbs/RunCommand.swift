import ArgumentParser
import CTandemSystem
import Foundation
import TandemAgent
import TandemOperator
import TandemServices
import TandemStack

struct RunCommand: ParsableCommand, StackCommand {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Runs a command with the app's environment, folder and rights.",
        discussion: """
            As in: tandem run -- ./manage.py shell

            The command gets the app's variables, working directory and rights, DATABASE_URL and secrets among them, while the \
            stack runs; without a host as on the first one with an app. It keeps the terminal, and its exit status is \
            this one's; 127 when there is no such program. Your own variables are not handed on: \
            tandem run -- env NAME=VALUE COMMAND.
            """)

    @OptionGroup var project: ProjectOptions
    @Argument(help: "The app host.", completion: StackCompletion.hosts)
    var host: String?
    @Argument(parsing: .postTerminator, help: "The command and its arguments, after --.")
    var command: [String] = []
    /// For root on a host of its own, who becomes another account than this one.
    @Flag(help: .hidden) var surroundings = false

    func run() throws {
        let project = try Project.loadApplied(project)
        guard let applied = project.running else {
            throw project.notRunning
        }
        let hosts = applied.stack.hosts(.app).map(\.name)
        guard let target = host ?? hosts.first, hosts.contains(target) else {
            throw Failure(
                .usage,
                "there is no app host named '\(Terminal.printable(host ?? ""))'; there are: \(hosts.joined(separator: ", ")).\n"
                    + "The command stands after --, as in: tandem run -- ./manage.py shell")
        }
        if surroundings {
            return try HostCommand.answer(try AppSurroundings(host: target, folder: project.folder))
        }
        try Self.take(try AppSurroundings(host: target, folder: project.folder), command)
    }

    /// Runs the command in this process's place.
    static func take(_ surroundings: AppSurroundings, _ command: [String]) throws {
        guard let program = command.first else {
            throw Failure(.usage, "no command is given; it stands after --, as in: tandem run -- ./manage.py shell")
        }
        var surroundings = surroundings
        for name in ["TERM", "NO_COLOR", "COLORTERM"] {
            surroundings.environment[name] = ProcessInfo.processInfo.environment[name]
        }
        try become(surroundings)
        let error = execute(command)
        Terminal.error("cannot run \(Terminal.printable(program)): \(String(cString: strerror(error)))")
        throw ExitCode(error == ENOENT ? 127 : 126)
    }

    /// From here on this process is as the app's are.
    private static func become(_ surroundings: AppSurroundings) throws {
        // What this command may do is no business of the one that it becomes.
        guard tandem_set_capabilities(0) == 0 else {
            throw Failure(.failed, "cannot give up capabilities: \(String(cString: strerror(errno)))")
        }
        guard chdir(surroundings.workingDirectory) == 0 else {
            throw Failure(
                .failed, "cannot enter \(surroundings.workingDirectory): \(String(cString: strerror(errno)))")
        }
        clearenv()
        for (name, value) in surroundings.environment { setenv(name, value, 1) }
    }

    /// Takes this process's place, so that terminal, signals and exit status are the command's own.
    /// - Returns: why it could not.
    static func execute(_ command: [String]) -> Int32 {
        // Ignored signals stay ignored, and this one is by us.
        signal(SIGPIPE, SIG_DFL)
        var none = sigset_t()
        sigemptyset(&none)
        sigprocmask(SIG_SETMASK, &none, nil)
        var pointers = command.map { strdup($0) } + [nil]
        execvp(command[0], &pointers)
        return errno
    }
}

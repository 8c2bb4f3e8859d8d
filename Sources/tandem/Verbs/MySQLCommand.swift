import ArgumentParser
import CTandemSystem
import Foundation
import TandemAgent
import TandemBlueprint
import TandemOperator
import TandemStack
import TandemTopology

struct MySQLCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "mysql", abstract: "Opens the real mysql client on a database host, as administrator.",
        discussion: """
            Without a host: the primary; without another database: the app's. What follows -- goes to the client, as in: \
            tandem mysql server2 -- -e 'SELECT 1'. A dump is restored by: tandem mysql < shop.sql
            """)

    @OptionGroup var project: ProjectOptions
    @Argument(help: "The database host.", completion: StackCompletion.databases)
    var host: String?
    @Argument(parsing: .postTerminator, help: "Arguments for the mysql client.")
    var arguments: [String] = []

    func run() async throws {
        let project = try Project.loadApplied(project)
        let applied = try project.requireApplied()
        let client = try DatabaseClient(
            applied: applied, folder: project.folder, host: host, primary: await project.placement(of: applied)?.primary
        )
        try client.become(client.applied.programs.mysql, arguments)
    }
}

/// A program of MySQL that is let in as administrator, through a server's unix socket.
struct DatabaseClient {
    let applied: AppliedStack
    let folder: StackFolder
    let target: Host

    /// - Parameters:
    ///   - host: nil for the primary.
    ///   - primary: who leads.
    init(applied: AppliedStack, folder: StackFolder, host: String?, primary: String?) throws {
        self.applied = applied
        self.folder = folder
        let databases = applied.stack.hosts(.database)
        let name = host ?? primary ?? ""
        guard let target = databases.first(where: { $0.name == name }) else {
            throw Failure(
                .usage,
                "there is no database host named '\(name)'; there are: "
                    + databases.map(\.name).joined(separator: ", "))
        }
        self.target = target
    }

    /// Goes on as that program; returns only by an error.
    func become(_ program: String, _ arguments: [String]) throws {
        let client = ClientFile(applied: applied, folder: folder, host: target.name)
        guard FileManager.default.fileExists(atPath: client.socket) else {
            throw Failure(.notRunning, "MySQL on \(target.name) is not running; see: tandem status")
        }
        try client.write()
        let command = [program, "--defaults-extra-file=\(client.path)"] + arguments
        // What this command may open is no business of a program that the stack file can name.
        guard tandem_set_capabilities(0) == 0 else {
            throw Failure(.failed, "cannot give up capabilities: \(String(cString: strerror(errno)))")
        }
        var pointers = command.map { strdup($0) } + [nil]
        // Threads of ours hold signals back; the client is to hear them.
        var none = sigset_t()
        sigemptyset(&none)
        pthread_sigmask(SIG_SETMASK, &none, nil)
        // Ignored signals stay ignored, and this one is by us: the client is to notice when its reader goes away.
        signal(SIGPIPE, SIG_DFL)
        execv(program, &pointers)
        throw Failure(.failed, "cannot run \(program): \(String(cString: strerror(errno)))")
    }
}

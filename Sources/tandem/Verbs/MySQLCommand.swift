import ArgumentParser
import CTandemSystem
import Foundation
import TandemAgent
import TandemBlueprint
import TandemStack

struct MySQLCommand: ParsableCommand {
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

    func run() throws {
        let project = try Project.loadApplied(project)
        let client = try DatabaseClient(applied: try project.requireApplied(), folder: project.folder, host: host)
        try client.become(client.applied.programs.mysql, arguments)
    }
}

/// A program of MySQL that is let in as administrator, through a server's unix socket.
struct DatabaseClient {
    let applied: AppliedStack
    let folder: StackFolder
    let target: Host

    /// - Parameter host: nil for the primary.
    init(applied: AppliedStack, folder: StackFolder, host: String?) throws {
        self.applied = applied
        self.folder = folder
        let databases = applied.stack.hosts(.database)
        guard let first = databases.first,
            let target = host.map({ name in databases.first { $0.name == name } }) ?? first
        else {
            throw Failure(
                .usage,
                "there is no database host named '\(host ?? "")'; there are: "
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
        // Ignored signals stay ignored, and this one is by us: the client is to notice when its reader goes away.
        signal(SIGPIPE, SIG_DFL)
        execv(program, &pointers)
        throw Failure(.failed, "cannot run \(program): \(String(cString: strerror(errno)))")
    }
}

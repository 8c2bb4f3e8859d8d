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
            Without a host: the primary. What follows -- goes to the client, as in: tandem mysql server2 -- -e 'SELECT 1'
            """)

    @OptionGroup var project: ProjectOptions
    @Argument(help: "The database host.", completion: StackCompletion.databases)
    var host: String?
    @Argument(parsing: .postTerminator, help: "Arguments for the mysql client.")
    var arguments: [String] = []

    func run() throws {
        let project = try Project.loadApplied(project)
        let applied = try project.requireApplied()
        let databases = applied.stack.hosts(.database)
        guard let first = databases.first,
            let target = host.map({ name in databases.first { $0.name == name } }) ?? first
        else {
            throw Failure(
                .usage,
                "there is no database host named '\(host ?? "")'; there are: "
                    + databases.map(\.name).joined(separator: ", "))
        }
        let client = ClientFile(applied: applied, folder: project.folder, host: target.name)
        guard FileManager.default.fileExists(atPath: client.socket) else {
            throw Failure(.notRunning, "MySQL on \(target.name) is not running; see: tandem status")
        }
        try client.write()
        let command = [applied.programs.mysql, "--defaults-extra-file=\(client.path)"] + arguments
        // What this command may open is no business of a program that the stack file can name.
        guard tandem_set_capabilities(0) == 0 else {
            throw Failure(.failed, "cannot give up capabilities: \(String(cString: strerror(errno)))")
        }
        var pointers = command.map { strdup($0) } + [nil]
        execv(applied.programs.mysql, &pointers)
        throw Failure(.failed, "cannot run \(applied.programs.mysql): \(String(cString: strerror(errno)))")
    }
}

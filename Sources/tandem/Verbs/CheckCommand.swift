import ArgumentParser
import TandemAgent
import TandemStack

struct CheckCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check", abstract: "Reads the stack file and says what is wrong with it; starts nothing.")

    @OptionGroup var project: ProjectOptions
    @OptionGroup var output: FormatOptions

    func run() throws {
        let project = try Project.load(project)
        try output.write(project.stack) {
            let hosts = project.stack.hosts.count
            return
                "\(project.stackFile): the stack '\(project.stack.name)' is fine: \(hosts) \(hosts == 1 ? "host" : "hosts")\n"
        }
    }
}

import ArgumentParser
import Foundation
import TandemAgent
import TandemOperator
import TandemStack

struct EjectCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "eject",
        abstract: "Writes plain configuration and systemd units that run without Tandem.",
        discussion: """
            For each host a folder as it has to lie under /, with certificates and secrets, and a README.md with the \
            commands in their order. The first host with the role database is the primary, for good: nothing fails over. \
            The running stack is not touched. Called again with --force it renews what is there and keeps passwords and \
            the certificate authority.
            """)

    @OptionGroup var project: ProjectOptions
    @Argument(help: "The folder to write to; new or empty.", completion: .directory)
    var folder: String
    @Option(help: "Where the app lies on its hosts. Default: /srv/NAME, or here if the stack is on this machine.")
    var appFolder: String?
    @Option(help: "Put this before every path, for a tree that does not lie under /.")
    var root = ""
    @Flag(help: "Write into a folder that has something in it.")
    var force = false

    func validate() throws {
        let isPlain = root.utf8.allSatisfy { byte in
            (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
                || "/._-".utf8.contains(byte)
        }
        guard root.isEmpty || root.hasPrefix("/") && !root.hasSuffix("/") && isPlain else {
            throw ValidationError(
                "--root takes an absolute path of letters, digits and /._- without a slash at its end.")
        }
        guard appFolder?.hasPrefix("/") ?? true else { throw ValidationError("--app-folder takes an absolute path.") }
    }

    private var target: String { URL(fileURLWithPath: folder).standardizedFileURL.path }

    func checkIsEmpty() throws {
        let entries = (try? FileManager.default.contentsOfDirectory(atPath: target)) ?? []
        guard entries.isEmpty || force else {
            throw Failure(.usage, "\(folder) is not empty; name another folder, or say --force to write over it")
        }
    }

    func run() async throws {
        let project = try Project.load(project)
        try await project.placingProblems { try project.checkPublicFolders() }
        try project.folder.checkOrigin(stack: project.stack.name, stackFile: project.stackFile)
        try checkIsEmpty()
        let hosts = try await HandOver.filling(target) { folder in
            try await Ejection(project: project, folder: folder, root: root, appFolder: appFolder).write()
        }
        let files = hosts == 1 ? "1 host" : "\(hosts) hosts"
        Terminal.line("wrote the files of \(files) to \(folder), with passwords and keys: keep it to yourself")
        Terminal.line("next: read \(folder)/README.md")
    }
}

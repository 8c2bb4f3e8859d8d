import ArgumentParser
import Foundation
import TandemStack

struct InitCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "init", abstract: "Writes a commented tandem.yaml for the project in this folder.",
        discussion: """
            Knows Swift, Go, Python, PHP and Node projects and Procfiles when it sees one. It leaves a tandem.yaml that \
            is there alone, and starts nothing.
            """)

    @Argument(help: "The project's folder; this one if left out.", completion: .directory)
    var folder: String?
    @Option(help: "The stack's name; the folder's if left out.")
    var name: String?
    @Option(name: .customLong("run"), help: "The command line that starts the app; guessed if left out.")
    var command: String?
    @Flag(help: "Replace a tandem.yaml that is there.")
    var force = false

    func run() throws {
        let given = folder ?? "."
        let path = URL(fileURLWithPath: given).standardizedFileURL.resolvingSymlinksInPath().path
        var isFolder = ObjCBool(false)
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), isFolder.boolValue else {
            throw Failure(.usage, "there is no folder \(given)")
        }
        let target = "\(path)/\(Project.fileName)"
        guard force || !FileManager.default.fileExists(atPath: target) else {
            throw Failure(.failed, "\(target) is there already and was left as it is; --force replaces it")
        }
        let found = ProjectDetection.kind(of: ProjectFiles(folder: path))
        var kind = found ?? .unknown
        if let command {
            guard !command.contains(where: \.isNewline) else { throw Failure(.usage, "--run takes one line") }
            kind = ProjectKind(title: kind.title, run: command, before: nil, remark: nil)
        }
        let template = StackFileTemplate(
            name: name ?? StackFileTemplate.name(from: (path as NSString).lastPathComponent), kind: kind)
        try check(template, folder: path)
        do {
            try template.text.write(toFile: target, atomically: true, encoding: .utf8)
        } catch {
            throw Failure(.failed, "cannot write \(target): \(error.localizedDescription)")
        }
        report(template, target: target, isKnown: found != nil)
    }

    /// What was written must be what `tandem check` accepts.
    private func check(_ template: StackFileTemplate, folder: String) throws {
        do {
            _ = try StackFile(text: template.text, name: Project.fileName, folder: folder).load()
        } catch {
            let words = error.diagnostics.map(\.message).joined(separator: "\n")
            throw Failure(.usage, "this would not make a valid stack file, so nothing was written:\n\(words)")
        }
    }

    private func report(_ template: StackFileTemplate, target: String, isKnown: Bool) {
        Terminal.line("wrote \(target)")
        if command == nil {
            Terminal.line("this looks like \(template.kind.title); it is run with: \(template.kind.run)")
        }
        if let remark = template.kind.remark { Terminal.line(remark) }
        if let before = template.kind.before { Terminal.line("first: \(before)") }
        Terminal.line(isKnown || command != nil ? "then: tandem up" : "then edit it, and: tandem up")
    }
}

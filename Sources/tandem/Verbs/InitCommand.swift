import ArgumentParser
import Foundation
import TandemOperator
import TandemStack

struct InitCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "init", abstract: "Writes a commented tandem.yaml for the project in this folder.",
        discussion: """
            Recognises Django, Flask, FastAPI and other Python apps, WordPress, Laravel, Symfony and plain PHP, Rails, \
            Express and other Node apps, Go modules, Swift packages (Hummingbird, Vapor), and Procfiles. Comments in \
            the file name the settings that the framework needs. An existing tandem.yaml stays as it is. For a PHP \
            project without a folder for its public files it also writes tandem-router.php, which keeps private files \
            from visitors. It starts nothing.
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
            kind = ProjectKind(title: kind.title, run: command)
        }
        let template = StackFileTemplate(
            name: name ?? StackFileTemplate.name(from: (path as NSString).lastPathComponent), kind: kind)
        try check(template, folder: path)
        var written: [String] = []
        if let companion = kind.companion {
            let file = "\(path)/\(companion.name)"
            if force || !FileManager.default.fileExists(atPath: file) {
                try write(companion.text, to: file)
                written.append(file)
            }
        }
        try write(template.text, to: target)
        report(template, written: written + [target], isKnown: found != nil)
    }

    private func write(_ text: String, to file: String) throws {
        do {
            try text.write(toFile: file, atomically: true, encoding: .utf8)
        } catch {
            throw Failure(.failed, "cannot write \(file): \(error.localizedDescription)")
        }
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

    private func report(_ template: StackFileTemplate, written: [String], isKnown: Bool) {
        for file in written { Terminal.line("wrote \(file)") }
        let kind = template.kind
        guard isKnown || command != nil else {
            Terminal.line(
                "Tandem did not recognise this project. Replace \(kind.run) after `run:` in tandem.yaml with the command "
                    + "that starts it, then run: tandem up")
            return
        }
        if command == nil { Terminal.line("this looks like \(kind.title); it is run with: \(kind.run)") }
        if !kind.remarks.isEmpty { Terminal.line("read first: the comments in the file name what the app has to do") }
        if let before = kind.before { Terminal.line("first: \(before)") }
        Terminal.line("then: tandem up")
    }
}

import ArgumentParser
import Foundation
import TandemAgent
import TandemStack

struct ProjectOptions: ParsableArguments {
    // No short name: -f is for following logs.
    @Option(
        help: "The stack file. Without it: tandem.yaml in this folder, or in the nearest one above.",
        completion: .file(extensions: ["yaml", "yml"]))
    var file: String?
}

/// One stack file and what it declares.
struct Project {
    static let fileName = "tandem.yaml"

    /// Absolute.
    var stackFile: String
    var stack: Stack
    var folder: StackFolder

    /// - Throws: `Failure` with status 3 and every problem in the file, or when there is none.
    static func load(_ options: ProjectOptions) throws -> Project {
        let path = try locate(options.file)
        let shown = options.file ?? (path as NSString).lastPathComponent
        guard let data = FileManager.default.contents(atPath: path) else {
            throw Failure(.stackFile, "cannot read \(path); may you read it, and is it a file?")
        }
        guard data.count <= StackFile.sizeLimitBytes else {
            throw Failure(.stackFile, "\(shown):1:1: error: the file is larger than 1 MB; is it a stack file?")
        }
        guard let text = String(data: data, encoding: .utf8) else {
            throw Failure(.stackFile, "\(shown):1:1: error: the file is not UTF-8 text")
        }
        let stackFolder = (path as NSString).deletingLastPathComponent
        do {
            var file = StackFile(text: text, name: shown, folder: stackFolder)
            var stack = try file.load()
            let folder = StackFolder(
                stack: stack.name, stackFileFolder: stackFolder, environment: ProcessInfo.processInfo.environment)
            var project = Project(stackFile: path, stack: stack, folder: folder)
            if let last = project.applied, last.stackFile == path {
                // A host keeps its address when others come or go.
                file.lastAddresses = Dictionary(uniqueKeysWithValues: last.stack.hosts.map { ($0.name, $0.address) })
                stack = try file.load()
                project.stack = stack
            }
            return project
        } catch {
            Terminal.line(error.description)
            let count = error.diagnostics.count
            throw Failure(
                .stackFile, "\(shown) has \(count == 1 ? "a problem" : "\(count) problems"); nothing was changed")
        }
    }

    /// The stack as it was applied, or nil when it never was.
    var applied: AppliedStack? { try? JSONText.decode(AppliedStack.self, fromFile: folder.appliedFile) }

    /// The stack as it was applied.
    /// - Throws: `Failure` with status 4 when it never was.
    func requireApplied() throws -> AppliedStack {
        guard let applied else {
            throw Failure(
                .notRunning,
                "the stack '\(stack.name)' is not running (there is nothing in \(folder.path)); start it with: tandem up"
            )
        }
        return applied
    }

    /// A client for the agents of the applied stack.
    func agentClient() throws -> AgentClient {
        try AgentClient(
            certificate: folder.clientCertificateFile, key: folder.clientKeyFile, ca: folder.caFile)
    }

    static func locate(_ given: String?) throws -> String {
        let here = FileManager.default.currentDirectoryPath
        if let given {
            let path = given.hasPrefix("/") ? given : "\(here)/\(given)"
            var isFolder = ObjCBool(false)
            guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
                throw Failure(.stackFile, "there is no file \(given)")
            }
            return resolved(isFolder.boolValue ? "\(path)/\(fileName)" : path)
        }
        var folder = here
        while true {
            let path = folder == "/" ? "/\(fileName)" : "\(folder)/\(fileName)"
            if FileManager.default.fileExists(atPath: path) { return resolved(path) }
            if folder == "/" { break }
            folder = (folder as NSString).deletingLastPathComponent
        }
        throw Failure(
            .stackFile,
            "there is no \(fileName) in \(here) or above it; name one with --file, or write one: tandem docs")
    }

    private static func resolved(_ path: String) -> String { URL(fileURLWithPath: path).resolvingSymlinksInPath().path }
}

import Foundation
import TandemAgent
import TandemStack

/// One stack file and what it declares.
package struct Project {
    package static let fileName = "tandem.yaml"

    /// Absolute.
    package var stackFile: String
    package var stack: Stack
    package var folder: StackFolder
    /// The stack file's text, where it is another one than lies there; nil: it is that one.
    var givenText: String?

    /// - Throws: `Failure` with status 3 and every problem in the file, or when there is none.
    package static func load(file named: String?) throws -> Project {
        let (file, path) = try read(named)
        let project: Project
        do {
            project = try load(file, path)
        } catch {
            Terminal.line(error.description)
            let count = error.diagnostics.count
            throw Failure(
                .stackFile, "\(file.name) has \(count == 1 ? "a problem" : "\(count) problems"); nothing was changed")
        }
        try ProjectTrust.checkState(project.folder)
        return project
    }

    /// For commands that look at, or end, what runs: a stack file that is wrong just now is no reason to leave its user
    /// alone with a stack that runs.
    /// - Throws: As `load`, when nothing was ever applied from this file.
    package static func loadApplied(file named: String?) throws -> Project {
        let (file, path) = try read(named)
        do {
            let project = try load(file, path)
            try ProjectTrust.checkState(project.folder)
            return project
        } catch let error as Failure {
            throw error
        } catch {
            let folder = file.declaredName.map {
                StackFolder(stack: $0, stackFileFolder: file.folder, environment: ProcessInfo.processInfo.environment)
            }
            guard let folder, let applied = try? JSONText.decode(AppliedStack.self, fromFile: folder.appliedFile),
                applied.stackFile == path
            else { return try load(file: named) }
            Terminal.line(
                "warning: \(file.name) cannot be read as it is now (`tandem check` says why); this is about "
                    + "'\(applied.stack.name)' as it was started")
            try ProjectTrust.checkState(folder)
            return Project(stackFile: path, stack: applied.stack, folder: folder)
        }
    }

    private static func read(_ named: String?) throws -> (file: StackFile, path: String) {
        let path = try locate(named)
        let isGiven = ProcessInfo.processInfo.environment[AccountEnvironment.fileVariable] != nil
        let place = named == nil && isGiven ? path : try place(named)
        try ProjectTrust.checkStackFile(path, place: place, isNamed: named != nil)
        let shown = named ?? (path as NSString).lastPathComponent
        guard let data = beginning(of: path) else {
            throw Failure(.stackFile, "cannot read \(path); may you read it, and is it a file?")
        }
        guard data.count <= StackFile.sizeLimitBytes else {
            throw unreadable(shown, "the file is larger than 1 MB; is it a stack file?")
        }
        guard let text = String(data: data, encoding: .utf8) else {
            throw unreadable(shown, "the file is not UTF-8 text")
        }
        return (StackFile(text: text, name: shown, folder: (path as NSString).deletingLastPathComponent), path)
    }

    /// One byte more than a stack file may have: what is longer is not read into memory.
    package static func beginning(of path: String) -> Data? {
        guard let file = FileHandle(forReadingAtPath: path) else { return nil }
        defer { try? file.close() }
        var data = Data()
        while data.count <= StackFile.sizeLimitBytes {
            guard let part = try? file.read(upToCount: StackFile.sizeLimitBytes + 1 - data.count), !part.isEmpty else {
                break
            }
            data.append(part)
        }
        return data
    }

    private static func unreadable(_ shown: String, _ why: String) -> Failure {
        Terminal.line("\(shown):1:1: error: \(why)")
        return Failure(.stackFile, "\(shown) has a problem; nothing was changed")
    }

    private static func load(_ file: StackFile, _ path: String) throws(StackFileErrors) -> Project {
        var file = file
        var stack = try file.load()
        let folder = StackFolder(
            stack: stack.name, stackFileFolder: file.folder, environment: ProcessInfo.processInfo.environment)
        var project = Project(stackFile: path, stack: stack, folder: folder)
        if let last = project.applied, last.stackFile == path {
            // A host keeps its address when others come or go.
            file.lastAddresses = Dictionary(uniqueKeysWithValues: last.stack.hosts.map { ($0.name, $0.address) })
            stack = try file.load()
            project.stack = stack
        }
        return project
    }

    /// The stack as it was applied, or nil when it never was.
    package var applied: AppliedStack? { try? JSONText.decode(AppliedStack.self, fromFile: folder.appliedFile) }

    /// The stack as it was applied.
    /// - Throws: `Failure` with status 4 when it never was.
    package func requireApplied() throws -> AppliedStack {
        guard let applied else {
            throw Failure(
                .notRunning,
                "the stack '\(stack.name)' is not running (there is nothing in \(folder.path)); start it with: tandem up"
            )
        }
        return applied
    }

    /// A client for the agents of the applied stack.
    package func agentClient() throws -> AgentClient {
        try AgentClient(
            stack: stack.name, hosts: (applied?.stack.hosts ?? []) + stack.hosts,
            certificate: folder.clientCertificateFile, key: folder.clientKeyFile, ca: folder.agentsCAFile)
    }

    package static func locate(_ given: String?) throws -> String {
        if given == nil, let found = ProcessInfo.processInfo.environment[AccountEnvironment.fileVariable] {
            return found
        }
        return resolved(try place(given))
    }

    /// As it was named or found, links and all.
    static func place(_ given: String?) throws -> String {
        let here = FileManager.default.currentDirectoryPath
        if let given {
            let path = given.hasPrefix("/") ? given : "\(here)/\(given)"
            var isFolder = ObjCBool(false)
            guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
                throw Failure(.stackFile, "there is no file \(given)")
            }
            return isFolder.boolValue ? "\(path)/\(fileName)" : path
        }
        var folder = here
        while true {
            let path = folder == "/" ? "/\(fileName)" : "\(folder)/\(fileName)"
            if FileManager.default.fileExists(atPath: path) { return path }
            if folder == "/" { break }
            folder = (folder as NSString).deletingLastPathComponent
        }
        throw Failure(
            .stackFile,
            "there is no \(fileName) in \(here) or above it; name one with --file, or write one: tandem init")
    }

    static func resolved(_ path: String) -> String { URL(fileURLWithPath: path).resolvingSymlinksInPath().path }
}

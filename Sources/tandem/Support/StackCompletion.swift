import ArgumentParser
import Foundation
import TandemOperator
import TandemStack

/// What the shell offers for words that depend on the stack file.
enum StackCompletion {
    static let hosts = CompletionKind.custom { line, _, _ in stack(line)?.hosts.map(\.name) ?? [] }

    static let databases = CompletionKind.custom { line, _, _ in stack(line)?.hosts(.database).map(\.name) ?? [] }

    static let jobs = CompletionKind.custom { line, _, _ in stack(line)?.app.jobs.map(\.name) ?? [] }

    static let servicesAndHosts = CompletionKind.custom { line, _, _ in
        (stack(line).map(LogReader.names) ?? LogReader.serviceNames) + (stack(line)?.hosts.map(\.name) ?? [])
    }

    /// The stack that the command line so far is about; nil where its file is missing or wrong: completion says
    /// nothing.
    private static func stack(_ line: [String]) -> Stack? {
        var file: String?
        for (index, word) in line.enumerated() {
            if word == "--file", index + 1 < line.count { file = line[index + 1] }
            if word.hasPrefix("--file=") { file = String(word.dropFirst(7)) }
        }
        guard let path = try? Project.locate(file), let data = Project.beginning(of: path),
            data.count <= StackFile.sizeLimitBytes, let text = String(data: data, encoding: .utf8)
        else { return nil }
        return try? StackFile(
            text: text, name: Project.fileName, folder: (path as NSString).deletingLastPathComponent
        ).load()
    }
}

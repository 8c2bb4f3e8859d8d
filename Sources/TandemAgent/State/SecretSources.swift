import CoreFoundation
import Foundation
import Glibc
import TandemStack

/// Reads the app's secrets from where the stack file says they come from.
public enum SecretSources {
    /// A secret larger than this is a mistake in the path or the command.
    static let largestFileBytes = 64 * 1024

    /// - Parameters:
    ///   - environment: of `tandem up`; commands get it too.
    ///   - workingDirectory: of commands.
    /// - Throws: `StackFileProblems` that name every secret that is missing, never a value; `CancellationError`.
    public static func read(
        _ sources: [String: App.SecretSource], environment: [String: String], workingDirectory: String = "/"
    ) async throws -> [String: String] {
        var values: [String: String] = [:]
        var problems: [(name: String, words: String)] = []
        for (name, source) in sources.sorted(by: { $0.key < $1.key }) {
            switch source {
            case .environment(let variable):
                if let value = environment[variable] {
                    values[name] = value
                } else {
                    problems.append((name, "secret \(name): the environment variable \(variable) is not set"))
                }
            case .file(let path):
                do { values[name] = try contents(path) } catch { problems.append((name, "secret \(name): \(error)")) }
            case .command(let command):
                // One after the other: several that ask the same keyring at once get in each other's way.
                let program = SecretCommand(
                    command: command, workingDirectory: workingDirectory, environment: environment)
                do {
                    values[name] = try await output(program)
                } catch {
                    try Task.checkCancellation()
                    problems.append((name, "secret \(name): \(error)"))
                }
            }
        }
        guard problems.isEmpty else {
            throw StackFileProblems(problems: problems.map { .init(path: Self.place(of: $0.name), message: $0.words) })
        }
        return values
    }

    /// Where the stack file speaks of a secret; see `Stack.secretSources`.
    static func place(of name: String) -> [String] {
        name.hasPrefix("alerts.") ? ["monitoring", "alerts"] : ["app", "secrets"]
    }

    private static func output(_ program: SecretCommand) async throws -> String {
        let what = "what the command `\(program.command)` prints"
        let value = try text(try await program.output(limit: largestFileBytes), named: what)
        guard !value.isEmpty else { throw StateError("the command `\(program.command)` printed nothing") }
        return value
    }

    /// At most one byte more than is allowed: the path may name something without end.
    private static func bytes(_ path: String) throws -> Data {
        let descriptor = Glibc.open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
        guard descriptor >= 0 else { throw StateError.file("read", path) }
        defer { close(descriptor) }
        var status = stat()
        // A pipe would make us wait until somebody writes to it.
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            throw StateError("cannot read \(path): it is no regular file")
        }
        var data = Data()
        var buffer = [UInt8](repeating: 0, count: 8192)
        while data.count <= largestFileBytes {
            let count = Glibc.read(descriptor, &buffer, min(buffer.count, largestFileBytes + 1 - data.count))
            if count < 0 && errno == EINTR { continue }
            guard count >= 0 else { throw StateError.file("read", path) }
            if count == 0 { break }
            data.append(contentsOf: buffer[..<count])
        }
        return data
    }

    private static func contents(_ path: String) throws -> String {
        try text(try bytes(path), named: path)
    }

    private static func text(_ data: Data, named name: String) throws -> String {
        guard data.count <= largestFileBytes else { throw StateError("\(name) has more than 64 KB") }
        guard var text = String(data: data, encoding: .utf8), !text.contains("\0") else {
            throw StateError("\(name) is not text")
        }
        // CR LF is one Character, and another one than LF.
        if text.last == "\n" || text.last == "\r\n" { text.removeLast() }
        return text
    }
}

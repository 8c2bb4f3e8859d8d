import CTandemSystem
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
    ///   - account: with whose rights commands run and files are read; nil: ours. The stack file names them, and its owner is to learn
    ///     nothing that is not theirs.
    /// - Throws: `StackFileProblems` that name every secret that is missing, never a value; `CancellationError`.
    public static func read(
        _ sources: [String: App.SecretSource], environment: [String: String], workingDirectory: String = "/",
        account: Accounts.Account? = nil
    ) async throws -> [String: String] {
        var values: [String: String] = [:]
        var problems: [String] = []
        for (name, source) in sources.sorted(by: { $0.key < $1.key }) {
            switch source {
            case .environment(let variable):
                if let value = environment[variable] {
                    values[name] = value
                } else {
                    problems.append("secret \(name): the environment variable \(variable) is not set")
                }
            case .file(let path):
                do { values[name] = try contents(path, account) } catch { problems.append("secret \(name): \(error)") }
            case .command(let command):
                // One after the other: several that ask the same keyring at once get in each other's way.
                let program = SecretCommand(
                    command: command, workingDirectory: workingDirectory, environment: environment, account: account)
                do {
                    values[name] = try await output(program)
                } catch {
                    try Task.checkCancellation()
                    problems.append("secret \(name): \(error)")
                }
            }
        }
        guard problems.isEmpty else {
            throw StackFileProblems(problems: problems.map { .init(path: ["app", "secrets"], message: $0) })
        }
        return values
    }

    private static func output(_ program: SecretCommand) async throws -> String {
        let what = "what the command `\(program.command)` prints"
        let value = try text(try await program.output(limit: largestFileBytes), named: what)
        guard !value.isEmpty else { throw StateError("the command `\(program.command)` printed nothing") }
        return value
    }

    /// At most one byte more than is allowed: the path may name something without end.
    private static func bytes(_ path: String, _ account: Accounts.Account?) throws -> Data {
        let descriptor = open(path, account)
        guard descriptor >= 0 else { throw StateError.file("read", path) }
        defer { close(descriptor) }
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

    private static func open(_ path: String, _ account: Accounts.Account?) -> Int32 {
        guard let account else { return Glibc.open(path, O_RDONLY | O_CLOEXEC) }
        return tandem_open_as(path, account.user, account.group, account.groups, account.groups.count)
    }

    private static func contents(_ path: String, _ account: Accounts.Account?) throws -> String {
        try text(try bytes(path, account), named: path)
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

import Foundation
import Glibc
import TandemStack

/// Reads the app's secrets from where the stack file says they come from.
public enum SecretSources {
    /// A secret larger than this is a mistake in the path.
    static let largestFileBytes = 64 * 1024

    /// - Throws: `StackFileProblems` that name every secret that is missing, never a value.
    public static func read(
        _ sources: [String: App.SecretSource], environment: [String: String]
    ) throws -> [String: String] {
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
                do { values[name] = try contents(path) } catch { problems.append("secret \(name): \(error)") }
            }
        }
        guard problems.isEmpty else {
            throw StackFileProblems(problems: problems.map { .init(path: ["app", "secrets"], message: $0) })
        }
        return values
    }

    /// At most one byte more than is allowed: the path may name something without end.
    private static func bytes(_ path: String) throws -> Data {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
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

    private static func contents(_ path: String) throws -> String {
        let data = try bytes(path)
        guard data.count <= largestFileBytes else { throw StateError("\(path) has more than 64 KB") }
        guard var text = String(data: data, encoding: .utf8), !text.contains("\0") else {
            throw StateError("\(path) is not text")
        }
        if text.hasSuffix("\n") { text.removeLast() }
        return text
    }
}

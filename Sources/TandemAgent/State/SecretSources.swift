import Foundation
import TandemStack

/// Reads the app's secrets from where the stack file says they come from.
public enum SecretSources {
    /// A secret larger than this is a mistake in the path.
    static let largestFileBytes = 64 * 1024

    /// - Throws: `StateError` that names every secret that is missing, never a value.
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
        guard problems.isEmpty else { throw StateError(problems.joined(separator: "\n")) }
        return values
    }

    private static func contents(_ path: String) throws -> String {
        guard let data = FileManager.default.contents(atPath: path) else { throw StateError.file("read", path) }
        guard data.count <= largestFileBytes else { throw StateError("\(path) has more than 64 KB") }
        guard var text = String(data: data, encoding: .utf8), !text.contains("\0") else {
            throw StateError("\(path) is not text")
        }
        if text.hasSuffix("\n") { text.removeLast() }
        return text
    }
}

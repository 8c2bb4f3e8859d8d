import Foundation
import Glibc
import Synchronization

/// The raw ledger: one line of CSV for each request, at most 256 MB of them.
public final class LedgerFile: Sendable {
    private struct State {
        var buffer = ""
        var written = 0
    }

    public static let mostBytes = 256 << 20
    private static let bufferBytes = 64 << 10
    public let path: String
    private let descriptor: Int32
    private let state = Mutex(State())

    /// - Throws: `DrillError` when the file cannot be made.
    public init(path: String) throws {
        descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else {
            throw DrillError("cannot write the ledger \(path): \(String(cString: strerror(errno)))")
        }
        self.path = path
        state.withLock { $0.buffer = "began_ms,took_ms,kind,number,outcome,fault,words\n" }
    }

    deinit { close(descriptor) }

    func add(
        kind: RequestKind, number: Int?, outcome: Outcome, began: Duration, took: Duration, window: Int?, words: String?
    ) {
        let line =
            "\(Int(began / .milliseconds(1))),\(Self.milliseconds(took)),\(kind.rawValue),\(number.map(String.init) ?? ""),"
            + "\(outcome.rawValue),\(window.map(String.init) ?? ""),\(words.map(Self.quoted) ?? "")\n"
        state.withLock { state in
            guard state.written + state.buffer.utf8.count < Self.mostBytes else { return }
            state.buffer += line
            if state.buffer.utf8.count >= Self.bufferBytes { write(&state) }
        }
    }

    public func flush() { state.withLock { write(&$0) } }

    private func write(_ state: inout State) {
        // A full disk loses the raw list, and none of what is counted.
        let bytes = Array(state.buffer.utf8)
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { break }
            rest = rest.dropFirst(count)
        }
        state.written += bytes.count
        state.buffer = ""
    }

    private static func milliseconds(_ time: Duration) -> String {
        let tenths = Int(time / .microseconds(100))
        return "\(tenths / 10).\(tenths % 10)"
    }

    private static func quoted(_ text: String) -> String {
        "\"" + text.prefix(200).map { $0 == "\"" ? "'" : $0.isNewline ? " " : $0 } + "\""
    }
}

/// A drill cannot go on.
public struct DrillError: Error, CustomStringConvertible {
    public var description: String

    public init(_ description: String) { self.description = description }
}

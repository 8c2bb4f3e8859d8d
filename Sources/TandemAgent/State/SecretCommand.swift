import Foundation
import Glibc
import TandemServices

/// A command whose output is a secret. The value goes through a pipe: onto no disk, no command line, into no log.
struct SecretCommand: Sendable {
    /// Given to `/bin/sh -c`.
    var command: String
    var workingDirectory: String
    var environment: [String: String]
    var bound = Duration.seconds(30)

    /// What it may say of its failure; the rest is not shown.
    private static let mostErrorBytes = 4096
    private static let mostErrorLines = 5
    /// After it has ended: how long something that it left behind may hold its output open.
    private static let lastWords = Duration.milliseconds(200)

    /// What the command printed, at most one byte more than `limit`.
    /// - Throws: `StateError` with the command's own words; they are searched for the value first.
    func output(limit: Int) async throws -> Data {
        var value = try PipeReader(limit: limit + 1)
        var words = try PipeReader(limit: Self.mostErrorBytes)
        defer {
            value.close()
            words.close()
        }
        let process = try start(value, words)
        value.closeWriteEnd()
        words.closeWriteEnd()
        do {
            try await collect(from: process, &value, &words)
        } catch {
            await process.stop(signal: SIGKILL, bound: .zero)
            throw error
        }
        if value.isFull {
            await process.stop(signal: SIGKILL, bound: .zero)
            return value.data
        }
        let ending = await process.waitForEnd() ?? .unknown
        guard ending == .exited(0) else { throw failure("\(ending)", value, words) }
        return value.data
    }

    private func start(_ value: PipeReader, _ words: PipeReader) throws -> RunningProcess {
        // The spawner wants a log; nothing is written to it.
        let log = "\(NSTemporaryDirectory())/tandem-secret-\(UUID().uuidString)"
        defer { unlink(log) }
        return try RunningProcess.start(
            ProcessSpecification(
                command: ["/bin/sh", "-c", "exec >&3 2>&4 3>&- 4>&-\n\(command)"], environment: environment,
                workingDirectory: workingDirectory, logFile: log,
                descriptors: [3: value.writeEnd, 4: words.writeEnd]))
    }

    private func collect(
        from process: RunningProcess, _ value: inout PipeReader, _ words: inout PipeReader
    ) async throws {
        let deadline = ContinuousClock.now + bound
        var end: ContinuousClock.Instant?
        while true {
            value.readWhatIsThere()
            words.readWhatIsThere()
            if value.isFull || (value.isAtEnd && process.hasEnded) { return }
            if process.hasEnded {
                end = end ?? ContinuousClock.now + Self.lastWords
                if let end, ContinuousClock.now > end { return }
            }
            guard ContinuousClock.now < deadline else {
                throw failure("did not end within \(bound.components.seconds) s", value, words)
            }
            try await Task.sleep(for: .milliseconds(5))
        }
    }

    private func failure(_ what: String, _ value: PipeReader, _ words: PipeReader) -> StateError {
        var text = String(decoding: words.data, as: UTF8.self)
        // Some programs repeat in an error what they were just printing.
        for line in String(decoding: value.data, as: UTF8.self).split(whereSeparator: \.isNewline) {
            let secret = line.trimmingCharacters(in: .whitespaces)
            if !secret.isEmpty { text = text.replacing(secret, with: "…") }
        }
        let lines = text.split(whereSeparator: \.isNewline).suffix(Self.mostErrorLines).map { "\n    \($0)" }
        return StateError("the command `\(command)` \(what)\(lines.isEmpty ? "" : ":")\(lines.joined())")
    }
}

/// A pipe of which we read what another process writes, without waiting for it.
private struct PipeReader {
    private(set) var data = Data()
    private(set) var isAtEnd = false
    let writeEnd: Int32
    private let readEnd: Int32
    private let limit: Int
    private var isWriteEndOpen = true

    var isFull: Bool { data.count >= limit }

    /// - Parameter limit: bytes that are kept; what comes after them is left unread.
    init(limit: Int) throws {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { throw StateError.file("make", "a pipe") }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        (readEnd, writeEnd) = (ends[0], ends[1])
        self.limit = limit
        _ = fcntl(readEnd, F_SETFL, O_NONBLOCK)
    }

    mutating func readWhatIsThere() {
        var buffer = [UInt8](repeating: 0, count: 8192)
        while !isFull, !isAtEnd {
            let count = Glibc.read(readEnd, &buffer, min(buffer.count, limit - data.count))
            if count < 0 { return }
            if count == 0 { isAtEnd = true }
            data.append(contentsOf: buffer[..<count])
        }
    }

    mutating func closeWriteEnd() {
        if isWriteEndOpen { Glibc.close(writeEnd) }
        isWriteEndOpen = false
    }

    mutating func close() {
        closeWriteEnd()
        Glibc.close(readEnd)
    }
}

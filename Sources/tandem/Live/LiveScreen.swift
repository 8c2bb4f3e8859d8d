import Foundation
import TandemOperator

/// A picture that is drawn again and again: in place on a terminal, one below the other anywhere else.
///
/// On a terminal it uses the alternate screen, as editors do, so that what was there before is there afterwards.
struct LiveScreen: Sendable {
    let isTerminal: Bool

    init(isTerminal: Bool) { self.isTerminal = isTerminal }

    init() { isTerminal = isatty(STDOUT_FILENO) == 1 && ProcessInfo.processInfo.environment["TERM"] != "dumb" }

    /// Draws what `picture` returns, every `interval`, until the task is cancelled or `count` pictures were drawn.
    /// - Parameters:
    ///   - count: nil: without end.
    ///   - separator: between two pictures where they are not drawn in place.
    ///   - picture: ends in a line break. Asked for anew each time, since the terminal may have changed its size.
    func show(
        every interval: Duration, count: Int? = nil, separator: String = "\n",
        _ picture: @Sendable () async throws -> String
    ) async throws {
        var last = ""
        if isTerminal { write(Sequence.enter) }
        // What was seen last stays in the scrollback.
        defer { if isTerminal { write(Sequence.leave + last) } }
        var drawn = 0
        while !Task.isCancelled, count.map({ drawn < $0 }) ?? true {
            let next = ContinuousClock.now + interval
            let text = try await picture()
            // A picture that a Ctrl-C cut short shows hosts as silent that are not.
            if Task.isCancelled { break }
            last = text
            let isHeard =
                isTerminal
                ? write(Self.frame(last, rows: Terminal.rows ?? 24)) : write(drawn == 0 ? last : separator + last)
            // Whoever read this has gone, as `head` does.
            if !isHeard { return }
            drawn += 1
            if drawn == count { break }
            try? await Task.sleep(until: next, clock: .continuous)
        }
    }

    /// One picture over the one before it, without a flicker: nothing is cleared before it is written over. What does
    /// not fit is left out, since a terminal that scrolls would spoil all that follows.
    static func frame(_ text: String, rows: Int) -> String {
        var lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        if lines.last == "" { lines.removeLast() }
        let room = max(1, rows - 1)
        if lines.count > room {
            let hidden = lines.count - room + 1
            lines = Array(lines.prefix(room - 1)) + ["… \(hidden) more lines: the window is too low"]
        }
        return Sequence.home + lines.map { $0 + Sequence.clearLine }.joined(separator: "\r\n") + "\r\n"
            + Sequence.clearBelow
    }

    /// ECMA-48 and xterm's alternate screen.
    enum Sequence {
        static let enter = "\u{1B}[?1049h\u{1B}[?25l\u{1B}[2J"
        static let leave = "\u{1B}[?25h\u{1B}[?1049l"
        static let home = "\u{1B}[H"
        static let clearLine = "\u{1B}[K"
        static let clearBelow = "\u{1B}[J"
    }

    @discardableResult
    private func write(_ text: String) -> Bool {
        (try? FileHandle.standardOutput.write(contentsOf: Data(text.utf8))) != nil
    }
}

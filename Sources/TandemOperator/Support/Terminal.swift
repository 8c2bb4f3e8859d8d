import Foundation

/// What people see. Standard output is data; everything else goes to standard error.
package enum Terminal {
    package static func line(_ text: String) { write("\(text)\n", to: .standardError) }

    /// Whoever reads us may go away, as `head` does: that is no reason to stop in the middle of what we do.
    package static func write(_ text: String, to handle: FileHandle) {
        try? handle.write(contentsOf: Data(text.utf8))
    }

    /// - Parameter message: one line or several. It may quote what others wrote.
    package static func error(_ message: String) {
        let lines = message.split(separator: "\n", omittingEmptySubsequences: false).map { printable(String($0)) }
        line("\(Style(isColored: isErrorColored).red("error:")) \(lines.joined(separator: "\n"))")
    }

    /// Whether colours are wanted on standard error: only on a terminal, and not where NO_COLOR is set (no-color.org).
    package static let isErrorColored = isColored(STDERR_FILENO)
    package static let isOutputColored = isColored(STDOUT_FILENO)

    private static func isColored(_ descriptor: Int32) -> Bool {
        let environment = ProcessInfo.processInfo.environment
        return isatty(descriptor) == 1 && (environment["NO_COLOR"] ?? "").isEmpty && environment["TERM"] != "dumb"
    }

    /// Logs hold what strangers sent, and errors quote them: control characters must not reach the terminal.
    package static func printable(_ text: String) -> String {
        guard text.unicodeScalars.contains(where: isControl) else { return text }
        return String(
            String.UnicodeScalarView(text.unicodeScalars.map { isControl($0) ? "\u{FFFD}" : $0 }))
    }

    /// C0, DEL, and C1, where some terminals take U+009B for the start of a command.
    private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
        (scalar.value < 0x20 && scalar != "\t") || (0x7f...0x9f).contains(scalar.value)
    }

    /// Columns of the terminal behind standard output, or nil when it is none.
    package static var columns: Int? { size.flatMap { $0.ws_col > 0 ? Int($0.ws_col) : nil } }

    /// Lines of that terminal.
    package static var rows: Int? { size.flatMap { $0.ws_row > 0 ? Int($0.ws_row) : nil } }

    private static var size: winsize? {
        var size = winsize()
        return ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0 ? size : nil
    }
}

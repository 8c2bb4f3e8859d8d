import CoreFoundation
import Foundation
import Glibc

/// The end of a log file.
public enum LogTail {
    /// The last lines, read from the last 64 KB at most. A line that comes several times in a row is given once: a
    /// program that dies again and again says the same again and again.
    ///
    /// - Parameter mark: what lies before it is left out, unless the file has been emptied since.
    public static func lastLines(of path: String, count: Int, after mark: UInt64 = 0) -> [String] {
        guard let handle = FileHandle(forReadingAtPath: path) else { return [] }
        defer { try? handle.close() }
        let size = (try? handle.seekToEnd()) ?? 0
        let start = max(size > 65536 ? size - 65536 : 0, mark <= size ? mark : 0)
        guard (try? handle.seek(toOffset: start)) != nil, let data = try? handle.readToEnd() else { return [] }
        var lines: [String] = []
        // By bytes: to a String, CR LF is one Character, and no line break as LF is.
        for bytes in Array(data).split(separator: UInt8(ascii: "\n")) {
            let line = String(decoding: shown(bytes), as: UTF8.self)
            if !line.isEmpty, line != lines.last { lines.append(line) }
        }
        return Array(lines.suffix(count))
    }

    /// The last of these lines. Where none of them names an error but one before them does, that one comes first: a
    /// runtime's report may go on for twenty lines after it.
    public static func telling(_ lines: [String], count: Int) -> [String] {
        let last = lines.suffix(count)
        guard !last.contains(where: namesError), let error = lines.dropLast(count).last(where: namesError) else {
            return Array(last)
        }
        return [error] + last
    }

    /// As in `TypeError: …`, `Error [ERR_MODULE_NOT_FOUND]: …`, `PHP Fatal error: …`, `… (LoadError)`, `panic: …`. What
    /// is indented belongs to a report, and does not begin one.
    private static func namesError(_ line: String) -> Bool {
        guard let first = line.first, !first.isWhitespace else { return false }
        return line.contains(/(?i)(error|exception|panic)( \[\w+\])?:|error\)$/)
    }

    /// What a terminal would show of a line in the end: without CR at its end, and of one that returns to its
    /// beginning, as progress bars do, what was written last.
    public static func shown(_ line: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        let carriageReturn = UInt8(ascii: "\r")
        guard let end = line.lastIndex(where: { $0 != carriageReturn }) else { return [] }
        let whole = line[...end]
        return whole.lastIndex(of: carriageReturn).map { whole[($0 + 1)...] } ?? whole
    }

    /// Where the next line will begin, in bytes; 0 where there is no file yet.
    static func end(of path: String) -> UInt64 {
        var status = stat()
        return stat(path, &status) == 0 ? UInt64(max(0, status.st_size)) : 0
    }
}

import Foundation
import Glibc

/// The end of a log file.
public enum LogTail {
    /// The last lines, read from the last 64 KB at most. A line that comes several times in a row is given once: a
    /// program that dies again and again says the same again and again.
    public static func lastLines(of path: String, count: Int) -> [String] {
        guard let handle = FileHandle(forReadingAtPath: path) else { return [] }
        defer { try? handle.close() }
        let size = (try? handle.seekToEnd()) ?? 0
        let start = size > 65536 ? size - 65536 : 0
        guard (try? handle.seek(toOffset: start)) != nil, let data = try? handle.readToEnd() else { return [] }
        var lines: [Substring] = []
        for line in String(decoding: data, as: UTF8.self).split(separator: "\n") where line != lines.last {
            lines.append(line)
        }
        return lines.suffix(count).map(String.init)
    }
}

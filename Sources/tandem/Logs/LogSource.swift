import Foundation
import Glibc

/// One log file of one host, read on from where it was left.
struct LogSource {
    let host: String
    let service: String
    private let path: String
    private var offset: UInt64 = 0
    private var inode: UInt64 = 0
    /// The start of a line whose end is not written yet.
    private var rest: [UInt8] = []
    /// A line without a time belongs to the line before it.
    private var lastTime = 0.0

    /// More than this at once is skipped to its end: a reader far behind wants the newest.
    private static let mostBytes = 4 << 20

    struct Line {
        var time: Double
        var text: String
    }

    init(host: String, service: String, path: String) {
        self.host = host
        self.service = service
        self.path = path
    }

    /// The lines that were written since the last call.
    mutating func newLines(localOffset: Int) -> [Line] {
        guard let handle = FileHandle(forReadingAtPath: path), let size = try? handle.seekToEnd() else { return [] }
        defer { try? handle.close() }
        startAnewIfReplaced(handle, size: size)
        guard size > offset else { return [] }
        if size - offset > UInt64(Self.mostBytes) {
            offset = size - UInt64(Self.mostBytes)
            rest = []
        }
        guard (try? handle.seek(toOffset: offset)) != nil,
            let data = try? handle.read(upToCount: Int(size - offset))
        else { return [] }
        offset += UInt64(data.count)
        var bytes = rest + Array(data)
        guard let end = bytes.lastIndex(of: UInt8(ascii: "\n")) else {
            rest = bytes
            return []
        }
        rest = Array(bytes[(end + 1)...])
        bytes.removeSubrange(end...)
        return bytes.split(separator: UInt8(ascii: "\n")).map { line(String(decoding: $0, as: UTF8.self), localOffset) }
    }

    private mutating func line(_ text: String, _ localOffset: Int) -> Line {
        lastTime = LogTimestamp.parse(text, localOffset: localOffset) ?? lastTime
        return Line(time: lastTime, text: text)
    }

    /// Rotated (another file has the name) or truncated.
    private mutating func startAnewIfReplaced(_ handle: FileHandle, size: UInt64) {
        let attributes = try? FileManager.default.attributesOfItem(atPath: path)
        let now = (attributes?[.systemFileNumber] as? NSNumber)?.uint64Value ?? inode
        if now != inode || size < offset {
            inode = now
            offset = 0
            rest = []
        }
    }
}

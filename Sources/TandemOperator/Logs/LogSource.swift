import CTandemSystem
import Foundation
import Glibc
import TandemAgent

/// One log file of one host, read on from where it was left.
struct LogSource {
    let host: String
    let service: String
    private let path: String
    private var offset: UInt64 = 0
    private var inode: UInt64 = 0
    /// The start of a line whose end is not written yet.
    private var rest: [UInt8] = []
    /// The file that was rotated last (`PATH.1`): another one there means that it has happened again.
    private var rotatedInode: UInt64 = 0
    /// A line without a time belongs to the line before it.
    private var lastTime: Double?

    /// More than this at once is skipped to its end: a reader far behind wants the newest. Where that holds few lines,
    /// because one of them is very long, more is read.
    private static let mostBytes = [4 << 20, 32 << 20]
    private static let fewLines = 1000
    private static let longestLineBytes = 64 << 10
    private static let fewBytes: UInt64 = 64 << 10

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
        // In this order: a file that was found empty has its copy in place already.
        let current = Self.open(path)
        defer { try? current?.close() }
        let status = current.flatMap { Self.status($0) }
        let rotated = Self.open("\(path).1")
        defer { try? rotated?.close() }
        let copy = rotated.flatMap { Self.status($0) }
        let size = status.map { $0.size } ?? 0
        var lines: [Line] = []
        if let rotated, let copy, copy.inode != rotatedInode,
            size < copy.size || copy.inode == inode
        {
            // What was written to it after we looked last; at first, what makes up for a file that is new.
            if inode != 0 || size < Self.fewBytes { lines += self.lines(rotated, copy, localOffset) }
            rotatedInode = copy.inode
            // A line that the copy cut in two goes on in the emptied file.
            offset = 0
        }
        guard let current, let status else { return lines }
        // Another file has the name, or it was emptied.
        if status.inode != inode || size < offset {
            if inode != 0 { rest = [] }
            offset = 0
            inode = status.inode
        }
        return lines + self.lines(current, status, localOffset)
    }

    /// A pipe in a log's place would keep the reader waiting for somebody to write.
    private static func open(_ path: String) -> FileHandle? {
        let descriptor = Glibc.open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        let handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        return status(handle).flatMap { $0.mode & S_IFMT == S_IFREG ? handle : nil }
    }

    private static func status(_ handle: FileHandle) -> tandem_entry? {
        var status = tandem_entry()
        return tandem_look_at_descriptor(handle.fileDescriptor, &status) == 0 ? status : nil
    }

    private mutating func lines(_ handle: FileHandle, _ status: tandem_entry, _ localOffset: Int) -> [Line] {
        let size = status.size
        guard size > offset, let bytes = read(handle, size: size) else { return [] }
        return timed(bytes, modified: status.modified, localOffset: localOffset)
    }

    /// The bytes of whole lines up to `size`, without the last line break; nil while no line is whole.
    private mutating func read(_ handle: FileHandle, size: UInt64) -> ArraySlice<UInt8>? {
        let start = offset
        var new: [UInt8] = []
        var isSkipping = false
        for bound in Self.mostBytes {
            isSkipping = size - start > UInt64(bound)
            offset = isSkipping ? size - UInt64(bound) : start
            guard (try? handle.seek(toOffset: offset)) != nil,
                let data = try? handle.read(upToCount: Int(size - offset))
            else { return nil }
            offset += UInt64(data.count)
            new = Array(data)
            if !isSkipping || new.count(where: { $0 == UInt8(ascii: "\n") }) >= Self.fewLines { break }
        }
        let bytes = isSkipping ? new : rest + new
        rest = []
        guard let end = bytes.lastIndex(of: UInt8(ascii: "\n")) else {
            // A line without an end is shown in pieces rather than kept for ever.
            if bytes.count > Self.longestLineBytes { return bytes[...] }
            rest = bytes
            return nil
        }
        rest = Array(bytes[(end + 1)...])
        // What was skipped ended in the middle of a line.
        let first = isSkipping ? (bytes.firstIndex(of: UInt8(ascii: "\n")) ?? 0) : 0
        return bytes[first..<end]
    }

    /// Longer than any time that a line begins with.
    private static let timeBytes = 64

    /// A line as it is shown; nil where nothing is.
    private static func text(_ line: ArraySlice<UInt8>) -> String? {
        let shown = LogTail.shown(line)
        if shown.isEmpty { return nil }
        // Twice: what grew for a while without an end, and is shown in pieces, is none that anybody wrote at once.
        guard shown.count > 2 * longestLineBytes else { return String(decoding: shown, as: UTF8.self) }
        return String(decoding: shown.prefix(longestLineBytes), as: UTF8.self) + "…"
    }

    /// - Parameter modified: when the file was last written. Lines before which there is no time at all, as of programs
    ///   that write none, are no newer than that.
    private mutating func timed(_ bytes: ArraySlice<UInt8>, modified: Double, localOffset: Int) -> [Line] {
        var lines: [Line] = []
        var untimed = 0
        for bytes in bytes.split(separator: UInt8(ascii: "\n")) {
            guard let text = Self.text(bytes) else { continue }
            let beginning = String(decoding: bytes.prefix(Self.timeBytes), as: UTF8.self)
            if let time = LogTimestamp.parse(beginning, localOffset: localOffset) {
                for index in lines.indices.suffix(untimed) where lastTime == nil { lines[index].time = time }
                lastTime = time
                untimed = 0
            } else {
                untimed += 1
            }
            lines.append(Line(time: lastTime ?? modified, text: text))
        }
        return lines
    }
}

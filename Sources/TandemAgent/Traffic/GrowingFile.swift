import CTandemSystem
import Glibc

/// Reads what others append to a file, whole lines only. It begins at the end, and again at the beginning when the file
/// was emptied.
struct GrowingFile: Sendable {
    /// Of one look. What was written beyond that since the last one is left out, the older part of it.
    static let mostBytes = 8 << 20

    let path: String
    /// nil before the first look.
    private var offset: Int?

    init(path: String) { self.path = path }

    /// Calls `body` with each line that is new.
    mutating func forEachLine(_ body: (UnsafeBufferPointer<UInt8>) -> Void) {
        var entry = tandem_entry()
        guard tandem_look_at(path, 0, &entry) == 0, entry.mode & S_IFMT == S_IFREG else {
            // One that comes later is new as a whole.
            offset = 0
            return
        }
        let size = Int(entry.size)
        guard let last = offset else {
            offset = size
            return
        }
        var begin = last > size ? 0 : last
        guard size > begin else {
            offset = begin
            return
        }
        let isCut = size - begin > Self.mostBytes
        if isCut { begin = size - Self.mostBytes }
        offset = begin
        let descriptor = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { return }
        defer { close(descriptor) }
        let bytes = [UInt8](unsafeUninitializedCapacity: size - begin) { buffer, count in
            count = max(0, pread(descriptor, buffer.baseAddress, buffer.count, off_t(begin)))
        }
        offset = begin + Self.lines(of: bytes, skippingFirst: isCut, body)
    }

    /// - Returns: how many bytes the whole lines have. The rest of a line comes with the next look.
    private static func lines(
        of bytes: [UInt8], skippingFirst: Bool, _ body: (UnsafeBufferPointer<UInt8>) -> Void
    ) -> Int {
        bytes.withUnsafeBufferPointer { bytes in
            var begin = 0
            var skips = skippingFirst
            while let end = bytes[begin...].firstIndex(of: UInt8(ascii: "\n")) {
                if !skips { body(UnsafeBufferPointer(rebasing: bytes[begin..<end])) }
                skips = false
                begin = end + 1
            }
            return begin
        }
    }
}

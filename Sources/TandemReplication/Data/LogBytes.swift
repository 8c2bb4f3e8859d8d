import Glibc

/// The bytes of a log that may be large, and grow while it is read: through a window, and never past the size that it
/// had at first.
struct LogBytes: ~Copyable {
    let path: String
    /// What was there when it was opened. A log of a server that runs may be longer by now.
    let size: UInt64
    /// For descriptors of files only: whoever wrote last has it whole.
    private let descriptor: Int32
    private var window: [UInt8]
    private var start: UInt64 = 0
    private var filled = 0

    private static let windowSize = 1 << 18

    /// nil: there is no such file.
    init?(_ path: String) throws {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
        guard descriptor >= 0 else {
            guard errno == ENOENT else { throw DataError.file("read", path) }
            return nil
        }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            close(descriptor)
            throw DataError("cannot read \(path): it is no file")
        }
        self.path = path
        self.descriptor = descriptor
        size = UInt64(status.st_size)
        window = [UInt8](repeating: 0, count: min(Self.windowSize, Int(status.st_size)))
    }

    deinit { close(descriptor) }

    /// Runs the closure with these bytes; nil where they are not all there.
    mutating func with<Value>(
        _ offset: UInt64, _ count: Int, _ body: (UnsafeRawBufferPointer) throws -> Value
    ) throws -> Value? {
        guard offset <= size, UInt64(count) <= size - offset else { return nil }
        if offset < start || offset + UInt64(count) > start + UInt64(filled) { try load(offset, count) }
        let first = Int(offset - start)
        guard first + count <= filled else { return nil }
        return try window.withUnsafeBytes { try body(UnsafeRawBufferPointer(rebasing: $0[first..<first + count])) }
    }

    private mutating func load(_ offset: UInt64, _ count: Int) throws {
        if count > window.count { window = [UInt8](repeating: 0, count: count) }
        start = offset
        filled = 0
        let wanted = Int(min(UInt64(window.count), size - offset))
        while filled < wanted {
            let position = filled
            let got = window.withUnsafeMutableBytes { buffer in
                pread(
                    descriptor, buffer.baseAddress.map { $0 + position }, wanted - position,
                    off_t(offset) + off_t(position))
            }
            if got < 0 && errno == EINTR { continue }
            guard got >= 0 else { throw DataError.file("read", path) }
            // It has become shorter.
            guard got > 0 else { break }
            filled += got
        }
    }
}

/// Numbers out of bytes, lowest byte first. What is not there is nil.
struct ByteReader {
    private let bytes: UnsafeRawBufferPointer
    private(set) var position = 0

    init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

    var left: Int { bytes.count - position }

    mutating func skip(_ count: Int) -> Bool {
        guard count >= 0, count <= left else { return false }
        position += count
        return true
    }

    mutating func bytes(_ count: Int) -> UnsafeRawBufferPointer? {
        guard count >= 0, count <= left else { return nil }
        defer { position += count }
        return UnsafeRawBufferPointer(rebasing: bytes[position..<position + count])
    }

    mutating func byte() -> UInt8? { bytes(1)?.first }

    mutating func number(_ count: Int) -> UInt64? {
        bytes(count)?.reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }

    mutating func big(_ count: Int) -> UInt64? {
        bytes(count)?.reduce(0) { $0 << 8 | UInt64($1) }
    }

    /// "Packed": one byte, or a mark and 2, 3 or 8 bytes.
    mutating func packed() -> UInt64? {
        switch byte() {
        case .some(252): number(2)
        case .some(253): number(3)
        case .some(254): number(8)
        case .some(let value) where value < 251: UInt64(value)
        default: nil
        }
    }

    /// As MySQL's serialization writes whole numbers: as many ones at the low end of the first byte as bytes follow,
    /// then a zero.
    mutating func variable() -> UInt64? {
        guard let first = byte() else { return nil }
        let more = (~first).trailingZeroBitCount
        guard let rest = number(min(more, 8)) else { return nil }
        if more >= 8 { return rest }
        let low = UInt64(first) >> UInt64(more + 1)
        // With seven more bytes nothing of the first one is left.
        return more == 7 ? rest : low | rest << UInt64(7 - more)
    }

    /// The same with a sign: 0, -1, 1, -2, … are 0, 1, 2, 3, …
    mutating func signed() -> Int64? {
        variable().map { Int64(bitPattern: $0 >> 1) ^ -Int64(bitPattern: $0 & 1) }
    }
}

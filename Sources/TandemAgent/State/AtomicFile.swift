import CoreFoundation
import Foundation
import Glibc

/// Files that are there whole or not at all.
public enum AtomicFile {
    /// Writes a file by way of a temporary one and a rename, when its content or its permissions differ.
    /// - Parameters:
    ///   - mode: permission bits.
    ///   - isSynced: whether it is on the disk when this returns.
    /// - Returns: whether anything changed.
    @discardableResult
    public static func write(
        _ contents: String, to path: String, mode: UInt16 = 0o600, isSynced: Bool = true
    ) throws -> Bool {
        var status = stat()
        if lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG, status.st_mode & 0o7777 == mode_t(mode),
            let old = try? String(contentsOfFile: path, encoding: .utf8), old == contents
        {
            return false
        }
        let temporary = "\(path).new-\(getpid())"
        unlink(temporary)
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode_t(mode))
        guard descriptor >= 0 else { throw StateError.file("write", path) }
        var isWritten = fchmod(descriptor, mode_t(mode)) == 0
        isWritten = isWritten && writeAll(Array(contents.utf8), to: descriptor) && (!isSynced || fsync(descriptor) == 0)
        isWritten = isWritten && rename(temporary, path) == 0
        // Before the next call changes errno.
        let error = StateError.file("write", path)
        close(descriptor)
        guard isWritten else {
            unlink(temporary)
            throw error
        }
        return true
    }

    /// Writes a value as JSON with sorted keys.
    @discardableResult
    public static func write(
        _ value: some Encodable, to path: String, mode: UInt16 = 0o600, isSynced: Bool = true
    ) throws -> Bool {
        try write(JSONText.encode(value), to: path, mode: mode, isSynced: isSynced)
    }

    private static func writeAll(_ bytes: [UInt8], to descriptor: Int32) -> Bool {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { return false }
            rest = rest.dropFirst(count)
        }
        return true
    }
}

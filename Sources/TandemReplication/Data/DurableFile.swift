import Foundation
import Glibc

/// The system could not write down what others had written. It says so once: a later attempt succeeds, and what was
/// lost is lost (fsync(2)).
public struct LostWrites: Error, CustomStringConvertible {
    public let description: String
}

/// Files that are there whole or not at all, also after power was lost: what these functions did is on disk when they
/// return.
enum DurableFile {
    /// Takes the place of a file that is there.
    static func replace(_ path: String, with bytes: [UInt8]) throws {
        let temporary = "\(path).new"
        unlink(temporary)
        try create(temporary, bytes)
        guard rename(temporary, path) == 0 else {
            let error = DataError.file("write", path)
            unlink(temporary)
            throw error
        }
        try syncFolder(of: path)
    }

    /// Fails where a file of this name is there, and leaves it as it is.
    static func writeNew(_ path: String, _ bytes: [UInt8]) throws {
        let temporary = "\(path).new"
        unlink(temporary)
        try create(temporary, bytes)
        // A link, unlike a rename, never takes the place of another file.
        let isThere = link(temporary, path) == 0
        let error = DataError.file("write", path)
        unlink(temporary)
        guard isThere else { throw error }
        try syncFolder(of: path)
    }

    /// Does nothing where it is not there, except that it makes sure that this is so on disk.
    static func remove(_ path: String) throws {
        guard unlink(path) == 0 || errno == ENOENT else { throw DataError.file("delete", path) }
        try syncFolder(of: path)
    }

    /// nil: there is no such file.
    static func read(_ path: String, bound: Int) throws -> [UInt8]? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
        guard descriptor >= 0 else {
            if errno == ENOENT { return nil }
            throw DataError.file("read", path)
        }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw DataError.file("read", path) }
        guard status.st_mode & S_IFMT == S_IFREG, status.st_size <= bound else {
            throw DataError("cannot read \(path): it is no file of at most \(bound) bytes")
        }
        var bytes = [UInt8](repeating: 0, count: Int(status.st_size))
        var filled = 0
        while filled < bytes.count {
            let count = bytes.withUnsafeMutableBytes { buffer in
                Glibc.read(descriptor, buffer.baseAddress.map { $0 + filled }, buffer.count - filled)
            }
            if count < 0 && errno == EINTR { continue }
            guard count >= 0 else { throw DataError.file("read", path) }
            guard count > 0 else { break }
            filled += count
        }
        return Array(bytes[..<filled])
    }

    /// What others have written to a file that is there.
    static func sync(_ path: String) throws {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
        guard descriptor >= 0 else {
            if errno == ENOENT { return }
            throw DataError.file("open", path)
        }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else {
            throw LostWrites(description: DataError.file("write down", path).description)
        }
    }

    static func syncFolder(of path: String) throws {
        let end = path.lastIndex(of: "/") ?? path.startIndex
        try syncFolder(end == path.startIndex ? "/" : String(path[..<end]))
    }

    static func syncFolder(_ folder: String) throws {
        let descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw DataError.file("open", folder) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw DataError.file("write down", folder) }
    }

    /// A folder with all that is in it.
    static func syncAll(_ folder: String) throws {
        let names = try FileManager.default.subpathsOfDirectory(atPath: folder).map { "\(folder)/\($0)" }
        for path in names + [folder] {
            let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
            guard descriptor >= 0 else {
                // A link, or something that is no file.
                if errno == ELOOP || errno == ENXIO { continue }
                throw DataError.file("open", path)
            }
            defer { close(descriptor) }
            guard fsync(descriptor) == 0 || errno == EINVAL else { throw DataError.file("write down", path) }
        }
    }

    private static func create(_ path: String, _ bytes: [UInt8]) throws {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw DataError.file("write", path) }
        let isWritten = fchmod(descriptor, 0o600) == 0 && writeAll(bytes, to: descriptor) && fsync(descriptor) == 0
        let error = DataError.file("write", path)
        close(descriptor)
        guard isWritten else {
            unlink(path)
            throw error
        }
    }

    static func writeAll(_ bytes: [UInt8], to descriptor: Int32) -> Bool {
        var written = 0
        while written < bytes.count {
            let count = bytes.withUnsafeBytes { buffer in
                Glibc.write(descriptor, buffer.baseAddress.map { $0 + written }, buffer.count - written)
            }
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { return false }
            written += count
        }
        return true
    }
}

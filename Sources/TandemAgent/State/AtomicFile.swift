import CoreFoundation
public import Foundation
import Glibc

/// Files that are there whole or not at all.
enum AtomicFile {
    /// Writes a file by way of a temporary one and a rename, when its content or its permissions differ.
    /// - Parameter mode: permission bits.
    /// - Returns: whether anything changed.
    @discardableResult
    static func write(_ contents: String, to path: String, mode: UInt16 = 0o600) throws -> Bool {
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
        isWritten = isWritten && writeAll(Array(contents.utf8), to: descriptor) && fsync(descriptor) == 0
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
    static func write(_ value: some Encodable, to path: String, mode: UInt16 = 0o600) throws -> Bool {
        try write(JSONText.encode(value), to: path, mode: mode)
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

/// JSON as people and programs read it: sorted keys, slashes as they are.
public enum JSONText {
    public static func encode(
        _ value: some Encodable, isPretty: Bool = true, keys: JSONEncoder.KeyEncodingStrategy = .useDefaultKeys
    ) throws -> String {
        let encoder = JSONEncoder()
        encoder.keyEncodingStrategy = keys
        encoder.dateEncodingStrategy = .iso8601
        encoder.outputFormatting =
            isPretty
            ? [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes] : [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(value), as: UTF8.self) + "\n"
    }

    static func decode<T: Decodable>(_ type: T.Type, from bytes: some Sequence<UInt8>) throws -> T {
        try JSONDecoder().decode(type, from: Data(bytes))
    }

    public static func decode<T: Decodable>(_ type: T.Type, fromFile path: String) throws -> T {
        guard let data = FileManager.default.contents(atPath: path) else { throw StateError.file("read", path) }
        do {
            return try JSONDecoder().decode(type, from: data)
        } catch {
            throw StateError("cannot read \(path): it is not what Tandem wrote (\(error))")
        }
    }
}

/// Something on disk is not as it should be.
public struct StateError: Error, CustomStringConvertible, Sendable, Equatable {
    public var description: String

    public init(_ description: String) { self.description = description }

    /// A call on a file failed just now; takes the reason from errno.
    static func file(_ verb: String, _ path: String) -> StateError {
        StateError("cannot \(verb) \(path): \(String(cString: strerror(errno)))")
    }
}

import Foundation
import Glibc

/// Files below /proc. Their size is not known beforehand and a read gives as much as the kernel likes, so Foundation,
/// which takes a short read for the end, loses most of the larger ones.
public enum ProcFile {
    private static let fewBytes = 4096
    private static let mostBytes = 16 << 20

    /// The numbers of all processes of this machine, or of the container that we are in.
    public static var pids: [Int32] {
        ((try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []).compactMap { Int32($0) }
    }

    /// All of a file, 16 MB at most; empty when it cannot be read.
    public static func whole(_ path: String) -> String { String(decoding: bytes(path), as: UTF8.self) }

    /// The same as bytes.
    static func bytes(_ path: String) -> [UInt8] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return [] }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65536)
        while bytes.count < mostBytes {
            let count = read(descriptor, &buffer, buffer.count)
            guard count > 0 else { break }
            bytes += buffer[..<count]
        }
        return bytes
    }

    /// The first 4 KB, without anything that costs: some are looked at several times a second. nil when there is no
    /// such file any more.
    static func text(_ path: String) -> String? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        return withUnsafeTemporaryAllocation(byteCount: fewBytes, alignment: 1) { buffer in
            let count = read(descriptor, buffer.baseAddress, buffer.count)
            guard count >= 0 else { return nil }
            return String(decoding: buffer[..<count], as: UTF8.self)
        }
    }
}

import Glibc

/// Files below /proc. Their size is not known beforehand and a read gives as much as the kernel likes, so Foundation, which
/// takes a short read for the end, loses most of the larger ones.
public enum ProcFile {
    private static let fewBytes = 4096
    private static let mostBytes = 16 << 20

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

    /// The first 4 KB, without anything that costs: some are looked at several times a second. nil when there is no such
    /// file any more.
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

extension ProcessIdentity {
    /// Most processes of one service that are looked at.
    private static let mostMembers = 64

    /// Whether the process, or one that descends from it, is stopped by a signal (SIGSTOP and the like): it holds its
    /// ports, and the kernel goes on accepting connections for it, but nobody answers.
    ///
    /// One that a debugger has stopped does not count.
    public var isFrozen: Bool {
        var pids = [pid]
        var index = 0
        while index < pids.count, index < Self.mostMembers {
            let member = pids[index]
            index += 1
            guard let status = ProcessStatus(pid: member) else { continue }
            // The number may mean another process by now.
            if member == pid, status.startTicks != startTicks { return false }
            if status.state == "T" { return true }
            pids += Self.children(of: member)
        }
        return false
    }

    /// The same of the process alone.
    public var isItselfFrozen: Bool {
        guard let status = ProcessStatus(pid: pid), status.startTicks == startTicks else { return false }
        return status.state == "T"
    }

    /// proc(5), /proc/PID/task/TID/children: of the first thread, which is the one that servers fork from. Empty where the
    /// kernel does not tell.
    private static func children(of pid: Int32) -> [Int32] {
        (ProcFile.text("/proc/\(pid)/task/\(pid)/children") ?? "").split(separator: " ").compactMap { Int32($0) }
    }
}

import CoreFoundation
import Foundation
import Glibc
import Logging
import TandemServices

/// Keeps log files within a bound.
///
/// Programs hold their log open as standard output and know nothing of us, so it is copied and then emptied. All of
/// them append (O_APPEND), so they go on at the new end. A line that is written in the instant between the last look
/// and the emptying is lost.
public struct LogRotation: Sendable {
    /// A larger file is rotated. What is kept of one is at most three times that, however fast it grew.
    var mostBytes = 10 << 20
    /// `NAME.log.1` is the newest of them.
    var kept = 5
    var interval = Duration.seconds(2)
    let folder: String
    let logger: Logger

    /// - Parameter folder: every file in it whose name ends in `.log` is kept within the bound.
    public init(folder: String, logger: Logger) {
        self.folder = folder
        self.logger = logger
    }

    /// Runs until the task is cancelled.
    public func run() async {
        var problems: Set<String> = []
        while !Task.isCancelled {
            let found = rotateAll()
            // Said once, not every two seconds into the very log that cannot be rotated.
            for problem in found.subtracting(problems) { logger.warning("\(problem)") }
            problems = found
            try? await Ticks.next(every: interval)
        }
    }

    /// Rotates what is too large.
    /// - Returns: what went wrong.
    @discardableResult
    func rotateAll() -> Set<String> {
        // Programs write here, and one that was taken over could put a link: nothing in it is followed.
        let directory = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW)
        guard directory >= 0 else {
            return errno == ENOENT ? [] : ["cannot rotate the logs in \(folder): \(Failure())"]
        }
        defer { close(directory) }
        var problems: Set<String> = []
        for name in names(in: directory) {
            do {
                try rotate(name, in: directory)
            } catch {
                problems.insert("cannot rotate \(folder)/\(name): \(error)")
            }
        }
        return problems
    }

    private struct Failure: Error, CustomStringConvertible {
        var number = errno
        var description: String { String(cString: strerror(number)) }
    }

    private func names(in directory: Int32) -> [String] {
        // A descriptor of its own, since closedir(3) closes it.
        let copy = openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard copy >= 0 else { return [] }
        guard let stream = fdopendir(copy) else {
            close(copy)
            return []
        }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: Int(NAME_MAX) + 1) { String(cString: $0) }
            }
            if name.hasSuffix(".log") { names.append(name) }
        }
        return names
    }

    private func rotate(_ name: String, in directory: Int32) throws {
        var status = stat()
        guard fstatat(directory, name, &status, AT_SYMLINK_NOFOLLOW) == 0, status.st_mode & S_IFMT == S_IFREG,
            status.st_size > mostBytes
        else { return }
        let source = openat(directory, name, O_RDWR | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK)
        guard source >= 0 else { throw Failure() }
        defer { close(source) }
        guard fstat(source, &status) == 0, status.st_mode & S_IFMT == S_IFREG, status.st_nlink == 1 else {
            throw Failure(number: EMLINK)
        }
        let fresh = "\(name).0"
        unlinkat(directory, fresh, 0)
        let target = openat(
            directory, fresh, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, status.st_mode & 0o777)
        guard target >= 0 else { throw Failure() }
        defer { close(target) }
        do {
            // Where the disk is full nothing can be copied; emptying the log is what helps then.
            try copyEnd(of: source, to: target)
        } catch {
            unlinkat(directory, fresh, 0)
            guard error.number == ENOSPC || error.number == EDQUOT else { throw error }
            ftruncate(source, 0)
            return
        }
        for number in stride(from: kept - 1, through: 1, by: -1) {
            renameat(directory, "\(name).\(number)", directory, "\(name).\(number + 1)")
        }
        guard renameat(directory, fresh, directory, "\(name).1") == 0, ftruncate(source, 0) == 0 else {
            throw Failure()
        }
    }

    /// Copies the last `mostBytes`, and what is written meanwhile.
    private func copyEnd(of source: Int32, to target: Int32) throws(Failure) {
        var status = stat()
        guard fstat(source, &status) == 0 else { throw Failure() }
        var offset = Int(status.st_size) > 2 * mostBytes ? Int(status.st_size) - mostBytes : 0
        let bound = offset + 3 * mostBytes
        var buffer = [UInt8](repeating: 0, count: 256 << 10)
        while offset < bound {
            let count = pread(source, &buffer, buffer.count, off_t(offset))
            guard count >= 0 else { throw Failure() }
            if count == 0 { return }
            var written = 0
            while written < count {
                let step = buffer[written..<count].withUnsafeBytes { write(target, $0.baseAddress, $0.count) }
                guard step > 0 else { throw Failure() }
                written += step
            }
            offset += count
        }
    }
}

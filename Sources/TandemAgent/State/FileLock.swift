import Glibc

/// An exclusive lock on a file (flock(2)); held until it is released or the process ends.
public final class FileLock: Sendable {
    private let descriptor: Int32

    /// - Returns: nil when somebody else holds it.
    public init?(path: String) throws {
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw StateError.file("open the lock", path) }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            let error = errno
            close(descriptor)
            if error == EWOULDBLOCK { return nil }
            throw StateError("cannot lock \(path): \(String(cString: strerror(error)))")
        }
        self.descriptor = descriptor
    }

    deinit {
        // Closing alone would not do while a process that is just being started still has a copy.
        flock(descriptor, LOCK_UN)
        close(descriptor)
    }
}

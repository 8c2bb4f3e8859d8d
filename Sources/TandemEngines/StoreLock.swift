import Glibc

/// The store's lock: one run at a time changes the store. The kernel frees it when its holder dies.
///
/// `flock` locks belong to an open file, not to a process, so that two tasks of one process exclude each other
/// like two processes do.
enum StoreLock {
    static let name = "lock"

    /// Runs a body while holding the lock.
    /// - Throws: ``EngineError`` with reason `locked` if it is not free within `bound`.
    static func with<Result: Sendable>(
        folder: String, bound: Duration, progress: @Sendable (EngineProgress) -> Void,
        body: () async throws -> Result
    ) async throws -> Result {
        let descriptor = try openFile(folder: folder)
        defer { close(descriptor) }
        try await acquire(descriptor, folder: folder, bound: bound, progress: progress)
        return try await body()
    }

    private static func openFile(folder: String) throws -> Int32 {
        let path = "\(folder)/\(name)"
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw EngineError(
                .folder, doing: "open \(path)", what: systemError(),
                next: "Give this user the right to write to \(folder), or set TANDEM_ENGINES to another folder.")
        }
        // Whoever can open it can hold it, and make the next run wait.
        fchmod(descriptor, 0o600)
        return descriptor
    }

    private static func acquire(
        _ descriptor: Int32, folder: String, bound: Duration, progress: @Sendable (EngineProgress) -> Void
    ) async throws {
        let deadline = ContinuousClock.now + bound
        var hasSaidSo = false
        while flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
            let code = errno
            guard code == EWOULDBLOCK || code == EINTR else {
                throw EngineError(
                    .folder, doing: "lock \(folder)/\(name)", what: systemError(code),
                    next: "Set TANDEM_ENGINES to a folder on a local disk.")
            }
            let holder = readHolder(descriptor)
            if !hasSaidSo { progress(.waiting(holder: holder)) }
            hasSaidSo = true
            guard ContinuousClock.now < deadline else {
                throw EngineError(
                    .locked, doing: "get the lock of \(folder)",
                    what: "\(holder.map { "process \($0)" } ?? "another process") has held it for \(bound)",
                    next: "See what that process does, and end it if it hangs; then try again.")
            }
            try await Task.sleep(for: .milliseconds(100))
        }
        writeHolder(descriptor)
    }

    /// The process that wrote its id last. It is the holder, or about to be.
    private static func readHolder(_ descriptor: Int32) -> Int32? {
        var buffer = [UInt8](repeating: 0, count: 16)
        let count = pread(descriptor, &buffer, buffer.count, 0)
        guard count > 0 else { return nil }
        return Int32(String(decoding: buffer[..<count].prefix { $0 >= 48 && $0 <= 57 }, as: UTF8.self))
    }

    private static func writeHolder(_ descriptor: Int32) {
        let text = Array("\(getpid())\n".utf8)
        // The id is a hint for people; the lock itself does not depend on it.
        _ = ftruncate(descriptor, 0)
        _ = pwrite(descriptor, text, text.count, 0)
    }
}

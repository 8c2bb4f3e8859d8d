import Glibc
import Synchronization

/// The connection's socket, for what other threads may do with it while the connection's own thread is blocked.
///
/// It keeps a duplicate of the descriptor: the library closes its own by itself when the link breaks, and the number
/// may belong to another connection a moment later.
final class ConnectionSocket: Sendable {
    private struct State {
        var descriptor: Int32?
        var isInterrupted = false
    }

    private let state = Mutex(State())

    deinit { detach() }

    func attach(_ descriptor: Int32) {
        let duplicate = fcntl(descriptor, F_DUPFD_CLOEXEC, 0)
        state.withLock { $0.descriptor = duplicate >= 0 ? duplicate : nil }
    }

    func detach() {
        state.withLock { state in
            if let descriptor = state.descriptor { Glibc.close(descriptor) }
            state.descriptor = nil
        }
    }

    /// Keeps the link open though the library has given it up.
    func duplicate() -> ConnectionSocket {
        let other = ConnectionSocket()
        state.withLock { state in
            if let descriptor = state.descriptor { other.attach(descriptor) }
        }
        return other
    }

    /// Makes the blocked thread return at once with an error. The statement may go on at the server.
    func interrupt() {
        state.withLock { state in
            state.isInterrupted = true
            if let descriptor = state.descriptor { shutdown(descriptor, Int32(SHUT_RDWR)) }
        }
    }

    var isInterrupted: Bool { state.withLock { $0.isInterrupted } }

    /// Whether there is something to read, or the end, at once or within the time.
    func hasInput(within patience: Duration) -> Bool {
        // Not under the lock: an interruption must not wait for this, and shutting the socket down ends the waiting.
        guard let descriptor = state.withLock({ $0.isInterrupted ? nil : $0.descriptor }) else { return true }
        var query = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        return poll(&query, 1, Int32(clamping: Int(patience / .milliseconds(1)))) != 0
    }

    /// Open, with nothing to read. Between statements a server says something only when it is leaving.
    var isQuiet: Bool {
        state.withLock { state in
            guard let descriptor = state.descriptor, !state.isInterrupted else { return false }
            var query = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            return poll(&query, 1, 0) == 0
        }
    }
}

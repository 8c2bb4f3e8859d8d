import CTandemSystem
import Foundation
import Glibc

/// One connection between a launcher and whoever asks it. Nothing here keeps a thread waiting.
final class LaunchSocket: Sendable {
    /// The kernel's own bound lies a little higher (socket(7), wmem_default).
    static let mostBytes = 192 << 10

    private let descriptor: Int32

    init(_ descriptor: Int32) { self.descriptor = descriptor }

    /// - Throws: where nobody listens, or there are too many who ask.
    init(calling path: String) throws(ProcessError) {
        descriptor = tandem_call_local(path)
        guard descriptor >= 0 else {
            throw ProcessError("cannot reach the launcher at \(path): \(String(cString: strerror(errno)))")
        }
    }

    deinit { close(descriptor) }

    func send(_ value: some Encodable, descriptors: [Int32] = []) throws {
        let bytes = Array(try JSONEncoder().encode(value))
        guard bytes.count <= Self.mostBytes else {
            throw ProcessError(
                "command and variables are \(bytes.count >> 10) KB; a launcher takes up to \(Self.mostBytes >> 10) KB")
        }
        guard tandem_send_message(descriptor, bytes, bytes.count, descriptors, descriptors.count) == 0 else {
            throw ProcessError("cannot tell the launcher: \(String(cString: strerror(errno)))")
        }
    }

    /// Waits for the next message, at most for `bound`.
    /// - Returns: nil at the end of the connection, when nothing came in time, and when the task was cancelled.
    func receive<T: Decodable & Sendable>(
        _ type: T.Type, within bound: Duration
    ) async throws -> (value: T, descriptors: PassedDescriptors)? {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { [descriptor] in await PidfdWatch.waitUntilReadable(descriptor) }
            group.addTask { try? await Task.sleep(for: bound) }
            await group.next()
            group.cancelAll()
        }
        return try read(type)
    }

    /// As `receive`, and keeps the thread waiting.
    func wait<T: Decodable>(for type: T.Type, within bound: Duration) throws -> T? {
        var poller = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        let deadline = ContinuousClock.now + bound
        while poll(&poller, 1, Int32(max(0, (deadline - .now).milliseconds))) < 0, errno == EINTR {}
        return try read(type)?.value
    }

    private func read<T: Decodable>(_ type: T.Type) throws -> (value: T, descriptors: PassedDescriptors)? {
        var bytes = [UInt8](repeating: 0, count: Self.mostBytes)
        var passed = [Int32](repeating: -1, count: TANDEM_MOST_PASSED)
        var count = 0
        let size = tandem_receive_message(descriptor, &bytes, bytes.count, &passed, &count)
        let error = errno
        let descriptors = PassedDescriptors(Array(passed.prefix(count)))
        if size == 0 || (size < 0 && (error == EAGAIN || error == ECONNRESET)) { return nil }
        guard size > 0 else { throw ProcessError("cannot read a message: \(String(cString: strerror(error)))") }
        return (try JSONDecoder().decode(type, from: Data(bytes[..<size])), descriptors)
    }
}

/// Descriptors that came with a message; closed with the value.
final class PassedDescriptors: Sendable {
    let all: [Int32]

    init(_ all: [Int32]) { self.all = all }

    deinit { for descriptor in all { close(descriptor) } }
}

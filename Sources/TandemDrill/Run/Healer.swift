import Foundation
import Glibc
import Synchronization
import TandemServices

/// The child that undoes a drill's fault when the drill is gone, or forgets it.
///
/// The drill writes a line of JSON for each thing it is about to do, and an empty list once that is undone. The end of
/// the pipe is the end of the drill, however it came about.
public enum Healer {
    /// One line of the pipe: all that is to be undone from now on.
    struct Order: Codable, Equatable {
        var undos: [Undo]
        var boundSeconds: Int
    }

    static let mostLineBytes = 1 << 20

    /// Reads orders until the pipe ends; then undoes what is left.
    /// - Parameters:
    ///   - descriptor: the reading end.
    ///   - start: brings the stack back.
    public static func run(descriptor: Int32, start: () async -> Void) async {
        var buffer: [UInt8] = []
        var order = Order(undos: [], boundSeconds: 0)
        var deadline: ContinuousClock.Instant?
        while true {
            var poller = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            let ready = poll(&poller, 1, milliseconds(until: deadline))
            if ready < 0, errno == EINTR { continue }
            if ready == 0 {
                await undo(order.undos, start)
                order.undos = []
                deadline = nil
                continue
            }
            var chunk = [UInt8](repeating: 0, count: 4096)
            let count = read(descriptor, &chunk, chunk.count)
            if count < 0, errno == EINTR { continue }
            guard count > 0, buffer.count < mostLineBytes else { break }
            buffer += chunk[..<count]
            while let end = buffer.firstIndex(of: UInt8(ascii: "\n")) {
                if let next = try? JSONDecoder().decode(Order.self, from: Data(buffer[..<end])) {
                    order = next
                    deadline = next.undos.isEmpty ? nil : .now + .seconds(next.boundSeconds)
                }
                buffer.removeSubrange(...end)
            }
        }
        await undo(order.undos, start)
    }

    private static func milliseconds(until deadline: ContinuousClock.Instant?) -> Int32 {
        guard let deadline else { return -1 }
        return Int32(max(0, (deadline - .now) / .milliseconds(1)))
    }

    private static func undo(_ undos: [Undo], _ start: () async -> Void) async {
        for undo in undos {
            switch undo {
            case .thaw(let processes):
                for process in processes { await LocalPlace().signal(SIGCONT, to: process, host: nil) }
            case .delete(let path): unlink(path)
            case .start: await start()
            }
        }
    }
}

/// The drill's end of the pipe.
public final class HealerPipe: HealerLink {
    private let ending: Mutex<Int32?>

    /// - Parameter descriptor: the writing end, which is ours from now on. It must be close-on-exec, or what the drill
    ///   starts would keep the pipe open.
    public init(descriptor: Int32) { ending = Mutex(descriptor) }

    deinit { end() }

    /// The drill is over.
    public func end() {
        ending.withLock { descriptor in
            if let open = descriptor { close(open) }
            descriptor = nil
        }
    }

    public func arm(_ undos: [Undo], bound: Duration) async throws {
        guard send(Healer.Order(undos: undos, boundSeconds: Int(bound.components.seconds))) else {
            throw DrillError(
                "the process that heals when the drill dies is gone, so nothing is broken; run the drill again")
        }
    }

    public func disarm() async { _ = send(Healer.Order(undos: [], boundSeconds: 0)) }

    private func send(_ order: Healer.Order) -> Bool {
        guard let descriptor = ending.withLock({ $0 }), var bytes = try? Array(JSONEncoder().encode(order)) else {
            return false
        }
        bytes.append(UInt8(ascii: "\n"))
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return false }
            rest = rest.dropFirst(count)
        }
        return true
    }
}

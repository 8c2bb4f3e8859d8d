import Dispatch
import Foundation
import Glibc

/// The drill's end of the way to `Hands`.
public final class HandsLink: PlaceHands {
    private let descriptor: Int32
    private let queue = DispatchQueue(label: "tandem.drill.hands")
    private static let patience = Duration.seconds(20)
    private static let mostAnswerBytes = 1 << 20

    /// - Parameter descriptor: a socket, which is ours from now on.
    public init(descriptor: Int32) { self.descriptor = descriptor }

    /// What can be done here.
    public func limits() async throws -> PlaceLimits {
        guard let limits = try await ask(.limits).limits else {
            throw DrillError("the part of the drill that is root gave no answer that is one; see: tandem drill --list")
        }
        return limits
    }

    public func make(_ change: PlaceChange, bound: Duration) async throws {
        try await ask(.make(change, boundSeconds: Int(bound.components.seconds)))
    }

    public func undo() async throws -> String { try await ask(.undo).proof ?? "" }

    /// Returns when there is nobody any more at the other end.
    public func waitForEnd() async {
        await withCheckedContinuation { continuation in
            let descriptor = descriptor
            Thread.detachNewThread {
                var poller = pollfd(fd: descriptor, events: 0, revents: 0)
                while poll(&poller, 1, -1) < 0, errno == EINTR {}
                continuation.resume()
            }
        }
    }

    /// One after the other: answers have no names.
    @discardableResult
    private func ask(_ order: HandsOrder) async throws -> HandsAnswer {
        let answer: HandsAnswer? = await withCheckedContinuation { continuation in
            queue.async { [descriptor] in continuation.resume(returning: Self.ask(order, descriptor)) }
        }
        guard let answer else { throw DrillError("the part of the drill that is root has ended, or hangs") }
        if let failure = answer.failure { throw DrillError(failure) }
        return answer
    }

    private static func ask(_ order: HandsOrder, _ descriptor: Int32) -> HandsAnswer? {
        guard var bytes = try? Array(JSONEncoder().encode(order)) else { return nil }
        bytes.append(UInt8(ascii: "\n"))
        guard DescriptorText.write(bytes, to: descriptor) else { return nil }
        let deadline = ContinuousClock.now + patience
        var line: [UInt8] = []
        while line.last != UInt8(ascii: "\n"), line.count < mostAnswerBytes {
            var poller = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            let ready = poll(&poller, 1, Int32(max(0, (deadline - .now) / .milliseconds(1))))
            if ready < 0, errno == EINTR { continue }
            guard ready > 0 else { return nil }
            var chunk = [UInt8](repeating: 0, count: 4096)
            let count = read(descriptor, &chunk, chunk.count)
            guard count > 0 else { return nil }
            line += chunk[..<count]
        }
        return try? JSONDecoder().decode(HandsAnswer.self, from: Data(line.dropLast()))
    }
}

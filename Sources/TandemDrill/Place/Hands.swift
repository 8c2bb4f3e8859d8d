import Foundation
import Glibc

/// The part of a drill that stays root. It takes a few fixed orders, about one stack alone, and undoes what it did when
/// the drill is gone or a time is up.
public enum Hands {
    private static let mostLineBytes = 1 << 20
    private static let mostSeconds = 600

    /// Takes orders until the drill is gone.
    /// - Parameter descriptor: a socket, on which answers go back.
    public static func run(descriptor: Int32, _ setting: HandsSetting) {
        var cut: NetworkCut?
        var limits = PlaceLimits(network: nil, clock: PlaceLimits.oneClock)
        do {
            let found = try NetworkCut(setting)
            // What an earlier drill has left, all of which were killed.
            found.undo()
            try found.tryOut()
            cut = found
        } catch {
            limits.network = "\(error)"
        }
        var buffer: [UInt8] = []
        var deadline: ContinuousClock.Instant?
        while true {
            var poller = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            let left = deadline.map { Int32(max(0, ($0 - .now) / .milliseconds(1))) } ?? -1
            let ready = poll(&poller, 1, left)
            if ready < 0, errno == EINTR { continue }
            if ready == 0 {
                cut?.undo()
                deadline = nil
                continue
            }
            var chunk = [UInt8](repeating: 0, count: 4096)
            let count = read(descriptor, &chunk, chunk.count)
            if count < 0, errno == EINTR { continue }
            guard count > 0, buffer.count < mostLineBytes else { break }
            buffer += chunk[..<count]
            while let end = buffer.firstIndex(of: UInt8(ascii: "\n")) {
                let order = try? JSONDecoder().decode(HandsOrder.self, from: Data(buffer[..<end]))
                buffer.removeSubrange(...end)
                send(answer(order, cut, limits, &deadline), descriptor)
            }
        }
        cut?.undo()
    }

    private static func answer(
        _ order: HandsOrder?, _ cut: NetworkCut?, _ limits: PlaceLimits, _ deadline: inout ContinuousClock.Instant?
    ) -> HandsAnswer {
        switch order {
        case .limits: return HandsAnswer(limits: limits)
        case .make(let change, let seconds):
            guard let cut else { return HandsAnswer(failure: limits.network ?? "it cannot be done here") }
            do {
                cut.undo()
                deadline = .now + .seconds(min(max(1, seconds), mostSeconds))
                try cut.make(change)
                return HandsAnswer()
            } catch {
                deadline = nil
                return HandsAnswer(failure: "\(error)")
            }
        case .undo:
            let packets = cut?.undo() ?? 0
            let wasInTime = deadline != nil
            deadline = nil
            guard wasInTime, packets > 0 else {
                return HandsAnswer(failure: wasInTime ? "no packet was dropped" : "it had been undone before its time")
            }
            return HandsAnswer(proof: "\(packets) packets were dropped")
        case nil: return HandsAnswer(failure: "this is no order that is known here")
        }
    }

    /// Undoes whatever there is of a drill of this stack, whoever made it.
    public static func undoAll(_ setting: HandsSetting) { (try? NetworkCut(setting))?.undo() }

    private static func send(_ answer: HandsAnswer, _ descriptor: Int32) {
        guard var bytes = try? Array(JSONEncoder().encode(answer)) else { return }
        bytes.append(UInt8(ascii: "\n"))
        DescriptorText.write(bytes, to: descriptor)
    }
}

enum DescriptorText {
    /// - Returns: whether all of it was taken.
    @discardableResult
    static func write(_ bytes: [UInt8], to descriptor: Int32) -> Bool {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return false }
            rest = rest.dropFirst(count)
        }
        return true
    }
}

import Synchronization
import TandemFailover

/// Sends to the other agents, one after the other to each of them, so that a peer that hangs holds nobody else up. Of statuses only
/// the newest is kept; questions and answers wait for their turn, a few of them.
final class PeerOutbox: Sendable {
    private static let mostWaiting = 8

    private struct Box {
        var status: PeerStatus?
        var others: [PeerMessage] = []

        mutating func take() -> PeerMessage? {
            if let next = others.first {
                others.removeFirst()
                return next
            }
            defer { status = nil }
            return status.map { .status($0) }
        }
    }

    private final class Entry: Sendable {
        let box = Mutex(Box())
        let bell: AsyncStream<Void>
        let ring: AsyncStream<Void>.Continuation

        init() { (bell, ring) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1)) }
    }

    private let channel: any PeerChannel
    private let boxes: [HostID: Entry]

    init(channel: any PeerChannel, hosts: [HostID]) {
        self.channel = channel
        boxes = Dictionary(hosts.map { ($0, Entry()) }, uniquingKeysWith: { first, _ in first })
    }

    func broadcast(_ status: PeerStatus) {
        for entry in boxes.values {
            entry.box.withLock { $0.status = status }
            entry.ring.yield()
        }
    }

    /// What does not find room is lost, as a message may be.
    func send(_ message: PeerMessage, to host: HostID) {
        guard let entry = boxes[host] else { return }
        entry.box.withLock { box in
            if box.others.count < Self.mostWaiting { box.others.append(message) }
        }
        entry.ring.yield()
    }

    /// Runs until its task is cancelled.
    func run() async {
        await withDiscardingTaskGroup { group in
            for (host, entry) in boxes {
                group.addTask { [channel] in
                    for await _ in entry.bell {
                        while let message = entry.box.withLock({ $0.take() }), !Task.isCancelled {
                            await channel.send(message, to: host)
                        }
                    }
                }
            }
        }
    }
}

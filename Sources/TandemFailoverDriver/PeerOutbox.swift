import Synchronization
import TandemFailover

/// Sends to the other agents, one after the other to each of them, so that a peer that hangs holds nobody else up. Of statuses only
/// the newest is kept; questions and answers wait for their turn, a few of them.
///
/// While neither of two agents has anything new to say, the one of the lower number speaks, and the other one's status is in the
/// reply: half as many messages, and each hears the other one as often.
final class PeerOutbox: Sendable {
    private static let mostWaiting = 8
    /// A reply carries no older status: an agent that gets no further is not to be heard.
    private static let replyAge = Duration.seconds(1)
    /// How long ago the other agent may have asked, for a status to wait until it asks again. With the interval between two broadcasts it is
    /// less than the failover's `hearingPatience`.
    private static let askingAge = Duration.milliseconds(700)

    private struct Box {
        var status: PeerStatus?
        var others: [PeerMessage] = []
        var isSendingStatus = false
        /// What the other agent was told last, as far as is known.
        var told: PeerStatus?
        /// When it last got a status with a reply.
        var repliedAt: ContinuousClock.Instant?
        /// How often it has said how it is.
        var hearings = 0

        mutating func take() -> PeerMessage? {
            if let next = others.first {
                others.removeFirst()
                return next
            }
            defer { status = nil }
            isSendingStatus = status != nil
            return status.map { .status($0) }
        }

        mutating func sent(_ status: PeerStatus, isTaken: Bool) {
            isSendingStatus = false
            told = isTaken ? status : nil
        }
    }

    private final class Entry: Sendable {
        let box = Mutex(Box())
        let bell: AsyncStream<Void>
        let ring: AsyncStream<Void>.Continuation

        init() { (bell, ring) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1)) }
    }

    private let channel: any PeerChannel
    private let own: HostID
    private let boxes: [HostID: Entry]
    private let clock: @Sendable () -> ContinuousClock.Instant
    private let latest = Mutex<(status: PeerStatus, at: ContinuousClock.Instant)?>(nil)

    init(
        channel: any PeerChannel, own: HostID, hosts: [HostID],
        clock: @escaping @Sendable () -> ContinuousClock.Instant = { .now }
    ) {
        self.channel = channel
        self.own = own
        self.clock = clock
        boxes = Dictionary(hosts.map { ($0, Entry()) }, uniquingKeysWith: { first, _ in first })
    }

    func broadcast(_ status: PeerStatus) {
        let now = clock()
        latest.withLock { $0 = (status, now) }
        for entry in boxes.values {
            let isLeftToReply = entry.box.withLock { box in
                if box.told == status, let repliedAt = box.repliedAt, now - repliedAt < Self.askingAge { return true }
                box.status = status
                return false
            }
            if !isLeftToReply { entry.ring.yield() }
        }
    }

    /// The status for the reply to one that `host` has sent; nil where this host speaks by itself, or another status is on its way, which
    /// must not arrive after the reply.
    func reply(to host: HostID) -> PeerStatus? {
        guard host < own, let entry = boxes[host], let (status, at) = latest.withLock({ $0 }) else { return nil }
        let now = clock()
        guard now - at < Self.replyAge else { return nil }
        return entry.box.withLock { box in
            guard box.status == nil, !box.isSendingStatus else { return nil }
            box.told = status
            box.repliedAt = now
            return status
        }
    }

    /// Notes that `host` has said how it is.
    func noteHearing(of host: HostID) { boxes[host]?.box.withLock { $0.hearings += 1 } }

    /// How often `host` has said how it is.
    func hearings(of host: HostID) -> Int { boxes[host]?.box.withLock { $0.hearings } ?? 0 }

    /// What does not find room is lost, as a message may be.
    func send(_ message: PeerMessage, to host: HostID) {
        guard let entry = boxes[host] else { return }
        entry.box.withLock { box in
            if box.others.count < Self.mostWaiting { box.others.append(message) }
        }
        entry.ring.yield()
    }

    /// Runs until its task is cancelled.
    /// - Parameter hear: takes the status in a reply, and `hearings` as of when the reply was asked for. If the host has spoken since, the
    ///   reply may be older, and must not undo it.
    func run(hear: @escaping @Sendable (PeerStatus, HostID, Int) async -> Void) async {
        await withDiscardingTaskGroup { group in
            for (host, entry) in boxes {
                group.addTask { [channel] in
                    for await _ in entry.bell {
                        while let message = entry.box.withLock({ $0.take() }), !Task.isCancelled {
                            let hearings = entry.box.withLock { $0.hearings }
                            let reply = await channel.send(message, to: host)
                            if case .status(let status) = message {
                                entry.box.withLock { $0.sent(status, isTaken: reply != nil) }
                            }
                            if let status = reply?.status { await hear(status, host, hearings) }
                        }
                    }
                }
            }
        }
    }
}

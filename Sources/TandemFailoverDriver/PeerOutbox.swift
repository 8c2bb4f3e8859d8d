import Synchronization
import TandemFailover

/// Sends to the other agents, one after the other to each of them, so that a peer that hangs holds nobody else up. Of
/// statuses only the newest is kept; questions and answers wait for their turn, a few of them.
///
/// While neither of two agents has anything new to say, the one of the lower number speaks, and the other one's status
/// is in the reply: half as many messages, and each hears the other one as often.
final class PeerOutbox: Sendable {
    private static let mostWaiting = 8
    /// A reply carries no older status: an agent that gets no further is not to be heard. Longer than between two
    /// broadcasts.
    private static let replyAge = Duration.milliseconds(700)
    /// How long ago the other agent may have asked, for a status to wait until it asks again. Where it asks no more it
    /// was heard a broadcast before, and is told one later: in all less than the failover's `hearingPatience`.
    private static let askingAge = Duration.milliseconds(700)
    /// How long ago a message of one's own may have arrived for that: connections that idle for a minute are closed,
    /// and the next news must not wait for a new one; nor must it be the first to find out that there is no way.
    private static let sendingAge = Duration.seconds(30)

    private struct Box {
        var status: PeerStatus?
        var others: [PeerMessage] = []
        var isSendingStatus = false
        /// What the other agent was told last: a message that arrived, or a reply that was written.
        var told: PeerStatus?
        /// When a reply with a status was last written.
        var repliedAt: ContinuousClock.Instant?
        /// When a status that was sent has last arrived.
        var arrivedAt: ContinuousClock.Instant?
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

        /// - Parameter now: nil where it is not known to have arrived.
        mutating func sent(_ status: PeerStatus, arrivedAt now: ContinuousClock.Instant?) {
            isSendingStatus = false
            told = now == nil ? nil : status
            arrivedAt = now
        }

        func leavesToReply(_ status: PeerStatus, at now: ContinuousClock.Instant) -> Bool {
            // One that waits, or is on its way, is older: this one has to follow it.
            guard self.status == nil, !isSendingStatus, told == status, let repliedAt, let arrivedAt else {
                return false
            }
            return now - repliedAt < PeerOutbox.askingAge && now - arrivedAt < PeerOutbox.sendingAge
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
                if box.leavesToReply(status, at: now) { return true }
                box.status = status
                return false
            }
            if !isLeftToReply { entry.ring.yield() }
        }
    }

    /// The status for the reply to one that `host` has sent; nil where this host speaks by itself, or another status is
    /// on its way, which must not arrive after the reply.
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

    /// Whether nothing waits or is on its way to `host`.
    func isQuiet(to host: HostID) -> Bool {
        boxes[host]?.box.withLock { $0.status == nil && !$0.isSendingStatus && $0.others.isEmpty } ?? true
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
    /// - Parameter hear: takes the status in a reply, and `hearings` as of when the reply was asked for. If the host
    ///   has spoken since, the reply may be older, and must not undo it.
    func run(hear: @escaping @Sendable (PeerStatus, HostID, Int) async -> Void) async {
        await withDiscardingTaskGroup { group in
            for (host, entry) in boxes {
                group.addTask { [channel, clock] in
                    for await _ in entry.bell {
                        while let message = entry.box.withLock({ $0.take() }), !Task.isCancelled {
                            let hearings = entry.box.withLock { $0.hearings }
                            let reply = await channel.send(message, to: host)
                            if case .status(let status) = message {
                                let arrivedAt = reply.map { _ in clock() }
                                entry.box.withLock { $0.sent(status, arrivedAt: arrivedAt) }
                            }
                            if let status = reply?.status { await hear(status, host, hearings) }
                        }
                    }
                }
            }
        }
    }
}

import Synchronization
import TandemTopology

/// What there was word of, for readers that cannot wait.
final class KnownMembers: Sendable {
    private let words: Mutex<MemberWords>

    /// - Parameter epoch: that is known of already.
    init(epoch: Int) { words = Mutex(MemberWords(epoch: epoch)) }

    var now: MemberWords { words.withLock { $0 } }

    fileprivate func hear(_ member: DatabaseMember) { words.withLock { $0.hear(member) } }
}

/// What this agent knows of the stack's databases: its own as it sees it, the others as their agents last said.
///
/// An agent that cannot be reached leaves its last word standing, except against a higher epoch; see `MemberWords`.
actor TopologyBoard {
    private let stack: String
    /// Who leads, by what was known before and what was heard since.
    private(set) var placement: Placement
    private let hosts: [String]
    private var members: [String: DatabaseMember]
    /// Counts changes; what a long poll waits for.
    private(set) var version = 1
    private var waiters: [Int: CheckedContinuation<Void, Never>] = [:]
    private var nextWaiter = 0
    nonisolated let knownMembers: KnownMembers

    /// - Parameter members: the database hosts in the order of the stack file, as nobody has looked at them yet.
    init(stack: String, placement: Placement, members: [DatabaseMember]) {
        self.stack = stack
        self.placement = placement
        knownMembers = KnownMembers(epoch: placement.epoch)
        hosts = members.map(\.host)
        self.members = Dictionary(uniqueKeysWithValues: members.map { ($0.host, $0) })
    }

    var topology: Topology {
        var topology = Topology(
            stack: stack, epoch: knownMembers.now.epoch, primary: placement.primary, sync: .solo,
            // Agents of older versions report no epoch; the founding epoch is filled in for readers.
            members: hosts.compactMap { members[$0]?.withKnownEpoch })
        topology.sync = sync(topology)
        return topology
    }

    /// nil while who leads in the highest epoch is not known.
    var primary: DatabaseMember? { topology.leader }

    func member(_ host: String) -> DatabaseMember? { members[host] }

    private func sync(_ topology: Topology) -> Topology.Sync {
        guard let primary = topology.leader else { return topology.members.count > 1 ? .waiting : .solo }
        guard let partner = primary.partner else { return .solo }
        return primary.state == .open && members[partner]?.state == .streaming ? .pair : .waiting
    }

    /// Who leads by what was heard; nil before that.
    var heardPlacement: Placement? { knownMembers.now.primary == nil ? nil : placement }

    /// What there was word of; nil before the first one.
    func knownMember(_ host: String) -> DatabaseMember? { knownMembers.now[host] }

    var knowsEveryMember: Bool { knownMembers.now.count == hosts.count }

    /// How long an agent that has just started listens to the others before it says anything to those who act on it.
    static let listeningTime = Duration.seconds(3)

    /// Returns when there was word of every member, or after `limit`.
    ///
    /// An agent that starts anew knows nothing yet. Saying so would cut the sessions of those who serve, so it says
    /// nothing: its last word stands.
    func listen(atMost limit: Duration = listeningTime) async {
        let deadline = ContinuousClock.now + limit
        while !knowsEveryMember, ContinuousClock.now < deadline, !Task.isCancelled {
            await waitForChange(from: version, timeout: .milliseconds(100))
        }
    }

    func set(_ member: DatabaseMember) {
        let isFirst = knownMembers.now[member.host] == nil
        knownMembers.hear(member)
        if let primary = knownMembers.now.primary {
            placement = Placement(epoch: primary.knownEpoch, primary: primary.host, partner: primary.partner)
        }
        guard isFirst || members[member.host] != member else { return }
        members[member.host] = member
        changed()
    }

    /// Something else changed that `/status` shows.
    func changed() {
        version += 1
        let all = waiters
        waiters = [:]
        for waiter in all.values { waiter.resume() }
    }

    /// Returns when the version is no longer `seen`, or after `timeout`, or when the task is cancelled.
    func waitForChange(from seen: Int, timeout: Duration) async {
        guard version == seen else { return }
        let number = nextWaiter
        nextWaiter += 1
        let timer = Task { [weak self] in
            try? await Task.sleep(for: timeout)
            await self?.release(number)
        }
        defer { timer.cancel() }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                if Task.isCancelled { continuation.resume() } else { waiters[number] = continuation }
            }
        } onCancel: {
            Task { await self.release(number) }
        }
    }

    /// How many wait for a change.
    var waiting: Int { waiters.count }

    private func release(_ number: Int) {
        waiters.removeValue(forKey: number)?.resume()
    }
}

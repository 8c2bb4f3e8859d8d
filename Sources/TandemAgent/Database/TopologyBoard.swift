import Synchronization
import TandemTopology

/// What there was word of, for readers that cannot wait.
final class KnownMembers: Sendable {
    private let members = Mutex<[String: DatabaseMember]>([:])

    /// nil before the first word.
    subscript(host: String) -> DatabaseMember? { members.withLock { $0[host] } }

    fileprivate func set(_ member: DatabaseMember) { members.withLock { $0[member.host] = member } }
}

/// What this agent knows of the stack's databases: its own as it sees it, the others as their agents last said.
///
/// An agent that cannot be reached leaves its last word standing: a dead agent closes nothing.
actor TopologyBoard {
    private let stack: String
    private let placement: Placement
    private let hosts: [String]
    private var members: [String: DatabaseMember]
    /// Of whom there was word since this agent started.
    private var known: Set<String> = []
    /// Counts changes; what a long poll waits for.
    private(set) var version = 1
    private var waiters: [Int: CheckedContinuation<Void, Never>] = [:]
    private var nextWaiter = 0
    nonisolated let knownMembers = KnownMembers()

    /// - Parameter members: the database hosts in the order of the stack file, as nobody has looked at them yet.
    init(stack: String, placement: Placement, members: [DatabaseMember]) {
        self.stack = stack
        self.placement = placement
        hosts = members.map(\.host)
        self.members = Dictionary(uniqueKeysWithValues: members.map { ($0.host, $0) })
    }

    var topology: Topology {
        let ordered = hosts.compactMap { members[$0] }
        return Topology(
            stack: stack, epoch: placement.epoch, primary: placement.primary, sync: sync, members: ordered)
    }

    var primary: DatabaseMember? { members[placement.primary] }

    func member(_ host: String) -> DatabaseMember? { members[host] }

    private var sync: Topology.Sync {
        guard let primary else { return .solo }
        guard let partner = primary.partner else { return .solo }
        return primary.state == .open && members[partner]?.state == .streaming ? .pair : .waiting
    }

    /// What there was word of; nil before the first one.
    func knownMember(_ host: String) -> DatabaseMember? { known.contains(host) ? members[host] : nil }

    var knowsEveryMember: Bool { known.count == hosts.count }

    /// How long an agent that has just started listens to the others before it says anything to those who act on it.
    static let listeningTime = Duration.seconds(3)

    /// Returns when there was word of every member, or after `limit`.
    ///
    /// An agent that starts anew knows nothing yet. Saying so would cut the sessions of those who serve, so it says nothing: its last word
    /// stands.
    func listen(atMost limit: Duration = listeningTime) async {
        let deadline = ContinuousClock.now + limit
        while !knowsEveryMember, ContinuousClock.now < deadline, !Task.isCancelled {
            await waitForChange(from: version, timeout: .milliseconds(100))
        }
    }

    func set(_ member: DatabaseMember) {
        knownMembers.set(member)
        if known.insert(member.host).inserted { changed() }
        guard members[member.host] != member else { return }
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

import Foundation
import TandemCoordination
import TandemFailover
import TandemFailoverDriver
import TandemTopology

/// What operators ask of the failover.
extension FailoverSeat {
    func status() -> FailoverStatus {
        let names = hosts.names
        let record = report?.record
        let isPaused = report?.readiness.blockers.contains(.paused) == true
        let (standing, partner): (FailoverStatus.Standing?, HostID?) =
            switch record?.standing {
            case .alone: (.alone, nil)
            case .joining(let candidate): (.joining, candidate)
            case .paired(let partner): (.paired, partner)
            case nil: (nil, nil)
            }
        let readiness = report?.readiness ?? FailoverReadiness(blockers: [.storeUnknown])
        return FailoverStatus(
            host: names.name(own) ?? "", epoch: Int(clamping: record?.epoch ?? 0),
            primary: record.flatMap { names.name($0.primary) }, standing: standing,
            partner: partner.flatMap(names.name), isPaused: isPaused,
            blockers: readiness.blockers.map { BlockerWords(names: names).text($0) }, exports: exports,
            roomMegabytes: roomMegabytes)
    }

    /// Orders a planned change of primary. The primary itself decides when, or gives it up.
    /// - Parameter host: who is to lead.
    func switchOver(to host: String) async throws {
        guard let number = hosts.number(host), hosts.dataHosts.contains(where: { $0.id == number }) else {
            throw StateError("\(host) has no database")
        }
        let intent = SwitchoverIntent(id: 0, to: number, pauseBudget: Self.pauseBudget)
        try Self.check(try await store.order(intent), "order the switchover")
    }

    /// Orders a change of primary that the rules alone would not make, since it may lose writes: the old one was alone,
    /// or its partner is gone, too. This host takes over once it has seen no sign of life of the primary for a moment.
    /// - Parameter epoch: what the operator looked at. The order is void as soon as etcd says anything newer.
    func force(epoch: Int) async throws {
        guard hosts.dataHosts.contains(where: { $0.id == own }) else { throw StateError("this host has no database") }
        guard case .read(let snapshot) = await store.read(), let state = snapshot.state else {
            throw StateError("etcd does not say who is the primary, so there is nobody to replace; see: tandem why")
        }
        guard state.epoch == UInt64(clamping: epoch), state.primary != own else {
            throw StateError("the primary has changed meanwhile; see: tandem status")
        }
        let intent = SwitchoverIntent(
            id: 0, to: own, pauseBudget: Self.pauseBudget, forcedAtRevision: snapshot.stateRevision)
        try Self.check(try await store.order(intent), "order the change of primary")
    }

    /// Has the partner take over, if this host leads a pair. Returns when it has, or after `bound`.
    func handOver(from own: String, bound: Duration) async {
        let status = status()
        guard status.primary == own, status.standing == .paired, let partner = status.partner else { return }
        guard (try? await switchOver(to: partner)) != nil else { return }
        let begin = ContinuousClock.now
        while ContinuousClock.now - begin < bound, self.status().primary == own {
            guard (try? await Task.sleep(for: .milliseconds(20))) != nil else { return }
        }
    }

    /// How long writes may pause before the primary opens again, in milliseconds.
    private static let pauseBudget: Milliseconds = 3_000

    func pause(_ isPaused: Bool) async throws {
        try Self.check(try await store.setPaused(isPaused), isPaused ? "pause the failover" : "resume the failover")
    }

    private static func check(_ outcome: TransactionOutcome, _ doing: String) throws {
        switch outcome {
        case .answered: return
        case .refused(let refusal): throw StateError("cannot \(doing): etcd refuses it (\(refusal))")
        case .unknown(let error): throw StateError("cannot \(doing), or it is not known whether it was: \(error)")
        }
    }

    /// The newest first.
    /// - Parameter count: how many at most.
    func history(count: Int) async throws -> [FailoverChange] {
        guard case .read(let snapshot) = await store.read() else {
            throw StateError("etcd does not answer; see: tandem status")
        }
        var changes: [FailoverChange] = []
        var epoch = snapshot.state?.epoch ?? 0
        while epoch > 0, changes.count < count {
            // One that names a host which has left the stack cannot be read any more.
            if let entry = try? await store.history(of: epoch) { changes.append(try change(entry)) }
            epoch -= 1
        }
        return changes
    }

    /// By its words in etcd, so that these are the same everywhere.
    private func change(_ entry: HistoryEntry) throws -> FailoverChange {
        let encoder = JSONEncoder()
        encoder.userInfo[HostNames.key] = hosts.names
        return try JSONDecoder().decode(FailoverChange.self, from: try encoder.encode(entry))
    }
}

/// What keeps a failover from working, in words.
struct BlockerWords {
    let names: HostNames

    func text(_ blocker: FailoverReadiness.Blocker) -> String {
        switch blocker {
        case .storeUnknown: "etcd does not answer; see: tandem status"
        case .noState: "the stack has not begun yet"
        case .unheard(let host): "the agent of \(name(host)) is not heard, and the stack's data may be there"
        case .paused: "it is paused; see: tandem resume"
        case .noPartner: "the primary stands alone, so nobody else has all its writes"
        case .stillPairing(let host): "the primary is just making \(name(host)) its partner"
        case .partnerUnheard(let host): "the agent of \(name(host)), the partner, is not heard"
        case .partnerServerDown(let host): "mysql on \(name(host)), the partner, does not answer"
        case .partnerNotReceiving(let host): "\(name(host)), the partner, does not receive from the primary"
        case .stateLost: "etcd does not say who was the primary, and there is data"
        case .otherStack: "what etcd holds belongs to another stack"
        case .dataLost:
            "the data of this host, the primary, is gone; put it back, or go on from another host's: tandem up --adopt HOST"
        case .stateUnreadable: "what etcd holds names a host that is not in the stack file, or is damaged"
        case .partnerHeld(let host): "mysql on \(name(host)), the partner, is about to be stopped"
        }
    }

    private func name(_ host: HostID) -> String { names.name(host) ?? "an unknown host" }
}

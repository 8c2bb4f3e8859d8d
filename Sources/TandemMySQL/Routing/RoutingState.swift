/// What the cluster decides, as a value: what was seen and what came of it in, where to go out. No clock, no I/O, no
/// locks.
///
/// Times are counted from the cluster's start.
struct RoutingState: Sendable {
    struct Options: Sendable {
        /// By server; the others have 1. With 0 a server is read from only when no other is left.
        var weights: [String: Double] = [:]
        /// How long a server is left out of reads after a failure: doubling from the first to the last of these.
        var suspension: ClosedRange<Duration> = .milliseconds(50) ... .seconds(2)
        /// How long a replica that did not catch up in time is left out of reads that would wait for it again.
        var stall: Duration = .seconds(1)
        /// How long nothing but an earlier epoch has to be heard until that one is believed.
        var doubt: Duration = .seconds(10)
    }

    struct Server: Sendable {
        var seen: ClusterView.Server
        var weight: Double
        /// Reads under way.
        var outstanding = 0
        /// Smooth weighted round robin, among servers with equally much to do.
        var credit = 0.0
        var failures = 0
        var suspendedUntil = Duration.zero
        var stalledUntil = Duration.zero
        /// What it is known to have executed.
        var executed = GTIDPosition()
    }

    enum ReadRoute: Equatable, Sendable {
        /// - Parameter awaiting: what the server may not have executed yet; `nil` when it need not be asked.
        case server(String, awaiting: GTIDPosition?)
        /// Nobody can be asked at the moment.
        case hold
    }

    enum WriteRoute: Equatable, Sendable {
        case server(String, epoch: Int)
        case hold
    }

    enum Outcome: Sendable {
        case answered(has: GTIDPosition?)
        /// Broken, unreachable, or it no longer serves.
        case failed
        /// It had not executed in time what was awaited.
        case stalled
        /// Says nothing about the server: the caller's own error, or a full pool.
        case other
    }

    /// What a new view means for pools.
    struct Change: Equatable, Sendable {
        var added: [ClusterView.Server] = []
        var removed: [String] = []
        /// Those that no longer answer: what was asked of them need not be waited for.
        var lost: [ClusterView.Server] = []
        /// Those that are about to go: what was asked of them may end.
        var leaving: [ClusterView.Server] = []
        /// Those that were lost, or leaving, and are back.
        var returned: [ClusterView.Server] = []
    }

    /// More are not looked at: a set of them is one machine word.
    static let mostServers = 64

    let options: Options
    private(set) var view: ClusterView?
    /// In the order of the view.
    private(set) var servers: [Server] = []
    private var primaryIndex: Int?
    /// Since when nothing but an earlier epoch was heard.
    private var doubtedSince: Duration?

    init(options: Options = Options()) { self.options = options }

    // MARK: - Events

    /// - Returns: `nil` when nothing changed, or when the view is older than what is known.
    mutating func learn(_ new: ClusterView, at now: Duration) -> Change? {
        guard isBelieved(new, at: now), new != view else { return nil }
        var change = Change()
        var next: [Server] = []
        for seen in new.servers.prefix(Self.mostServers) {
            if var known = servers.first(where: { $0.seen.isSamePlace(as: seen) }) {
                // What it was known to have need not be there when it comes back with another's data.
                if !known.seen.servesReads, seen.servesReads { known.executed = GTIDPosition() }
                if known.seen.isReachable, !seen.isReachable {
                    change.lost.append(seen)
                } else if known.seen.isWorthConnections, !seen.isWorthConnections {
                    change.leaving.append(seen)
                } else if !known.seen.isWorthConnections, seen.isWorthConnections {
                    change.returned.append(seen)
                }
                known.seen = seen
                next.append(known)
            } else {
                change.added.append(seen)
                next.append(Server(seen: seen, weight: max(0, options.weights[seen.name] ?? 1)))
            }
        }
        for old in servers where !next.contains(where: { $0.seen.isSamePlace(as: old.seen) }) {
            change.removed.append(old.seen.name)
        }
        view = new
        servers = next
        primaryIndex = next.firstIndex { $0.seen.name == new.primary }
        return change
    }

    /// An earlier epoch is old news, unless it is all that is heard for a while: then the later one was never true.
    private mutating func isBelieved(_ new: ClusterView, at now: Duration) -> Bool {
        guard new.epoch > 0, new.epoch < (view?.epoch ?? 0) else {
            doubtedSince = nil
            return true
        }
        let since = doubtedSince ?? now
        doubtedSince = since
        return now - since >= options.doubt
    }

    mutating func finishedRead(_ name: String, _ outcome: Outcome, at now: Duration) {
        guard let index = servers.firstIndex(where: { $0.seen.name == name }) else { return }
        servers[index].outstanding = max(0, servers[index].outstanding - 1)
        switch outcome {
        case .answered(let position):
            servers[index].failures = 0
            servers[index].suspendedUntil = .zero
            if let position { servers[index].executed.merge(position) }
        case .failed:
            // Those that were under way together fail together, and count once.
            if servers[index].suspendedUntil <= now {
                servers[index].failures += 1
                servers[index].suspendedUntil = now + suspension(afterFailures: servers[index].failures)
            }
            servers[index].executed = GTIDPosition()
        case .stalled: servers[index].stalledUntil = now + options.stall
        case .other: break
        }
    }

    // MARK: - Decisions

    /// - Parameter tried: servers that failed this very read; asked again only when no other is left.
    mutating func read(
        strong: Bool = false, after token: MySQLSessionToken? = nil, tried: Set<String> = [], at now: Duration
    ) -> ReadRoute {
        var candidates = set { index in servers[index].seen.servesReads && (!strong || index == primaryIndex) }
        candidates = preferred(candidates) { servers[$0].suspendedUntil <= now }
        if !tried.isEmpty { candidates = preferred(candidates) { !tried.contains(servers[$0].seen.name) } }
        candidates = preferred(candidates) { servers[$0].weight > 0 }
        if let token {
            candidates = preferred(candidates) { servers[$0].stalledUntil <= now || missing(of: token, on: $0) == nil }
        }
        guard let chosen = leastBusy(candidates) else { return .hold }
        servers[chosen].outstanding += 1
        return .server(servers[chosen].seen.name, awaiting: token.flatMap { missing(of: $0, on: chosen) })
    }

    func write() -> WriteRoute {
        guard let view, view.takesWrites, let primaryIndex else { return .hold }
        return .server(servers[primaryIndex].seen.name, epoch: view.epoch)
    }

    // MARK: -

    /// What the server may not have yet; `nil` when it is sure to have all.
    private func missing(of token: MySQLSessionToken, on index: Int) -> GTIDPosition? {
        // The primary of an epoch has all that was acknowledged up to then. A token of a later epoch was made by a
        // primary that we have not heard of.
        if index == primaryIndex, let epoch = view?.epoch, token.epoch > 0, token.epoch <= epoch { return nil }
        var known = servers[index].executed
        // The server whose UUID is in the GTID has executed that transaction.
        if let uuid = servers[index].seen.uuid, let own = token.position[uuid] { known.advance(uuid, to: own) }
        let rest = token.position.missing(in: known)
        return rest.isEmpty ? nil : rest
    }

    private func set(_ condition: (Int) -> Bool) -> UInt64 {
        var found: UInt64 = 0
        for index in servers.indices where condition(index) { found |= 1 << UInt64(index) }
        return found
    }

    /// Those that meet the condition; all if none does.
    private func preferred(_ candidates: UInt64, _ condition: (Int) -> Bool) -> UInt64 {
        let some = candidates & set(condition)
        return some == 0 ? candidates : some
    }

    private mutating func leastBusy(_ candidates: UInt64) -> Int? {
        guard candidates != 0 else { return nil }
        if candidates.nonzeroBitCount == 1 { return candidates.trailingZeroBitCount }
        var least = Double.infinity
        var tied: UInt64 = 0
        for index in servers.indices where candidates & 1 << UInt64(index) != 0 {
            let load = load(of: index)
            if load < least { (least, tied) = (load, 0) }
            if load == least { tied |= 1 << UInt64(index) }
        }
        guard tied.nonzeroBitCount > 1 else { return tied.trailingZeroBitCount }
        return nextInTurn(tied)
    }

    private mutating func nextInTurn(_ tied: UInt64) -> Int? {
        var chosen: Int?
        var total = 0.0
        for index in servers.indices where tied & 1 << UInt64(index) != 0 {
            // Two of weight 0 take turns too.
            let weight = servers[index].weight > 0 ? servers[index].weight : 1
            servers[index].credit += weight
            total += weight
            if chosen.map({ servers[index].credit > servers[$0].credit }) ?? true { chosen = index }
        }
        if let chosen { servers[chosen].credit -= total }
        return chosen
    }

    /// Reads under way for each unit of weight.
    private func load(of index: Int) -> Double {
        let server = servers[index]
        return Double(server.outstanding) / (server.weight > 0 ? server.weight : 1)
    }

    private func suspension(afterFailures failures: Int) -> Duration {
        min(options.suspension.upperBound, options.suspension.lowerBound * (1 << min(failures - 1, 20)))
    }
}

extension ClusterView.Server {
    fileprivate func isSamePlace(as other: ClusterView.Server) -> Bool {
        name == other.name && address == other.address
    }
}

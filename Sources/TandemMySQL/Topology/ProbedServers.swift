import MySQLConnector

/// What the servers of a list say of themselves, and what follows from it: who is primary, and how far the others are
/// behind.
struct ProbedServers: Sendable {
    struct Answer: Sendable, Equatable {
        var uuid: String
        var isReadOnly: Bool
        var hasGTIDs: Bool
        /// `gtid_executed`.
        var executed: GTIDPosition
    }

    private struct Entry: Sendable {
        var address: MySQLConfiguration.Address
        var answer: Answer?
        var failures = 0
        var problem: String?

        /// One answer may be late on a busy machine.
        var isThere: Bool { answer != nil && failures < 2 }
    }

    /// So many changes of the primary's position are remembered.
    private static let longestHistory = 256

    private var entries: [Entry]
    private let maximumLag: Duration
    private var primary: String?
    /// Where the primary was, and since when.
    private var history: [(time: Duration, position: GTIDPosition)] = []

    init(_ addresses: [MySQLConfiguration.Address], maximumLag: Duration) {
        entries = addresses.map { Entry(address: $0) }
        self.maximumLag = maximumLag
    }

    mutating func answered(_ index: Int, _ answer: Answer, at now: Duration) {
        entries[index].answer = answer
        entries[index].failures = 0
        entries[index].problem = answer.hasGTIDs ? nil : "gtid_mode is not ON"
        let writable = self.writable
        if writable.count == 1, let first = writable.first {
            let name = MySQLClusterConfiguration.name(entries[first].address)
            if name != primary { history = [] }
            primary = name
            if first == index, history.last?.position != answer.executed {
                history.append((now, answer.executed))
                if history.count > Self.longestHistory { history.removeFirst() }
            }
        }
    }

    mutating func failed(_ index: Int, _ problem: String) {
        entries[index].failures += 1
        entries[index].problem = problem
    }

    func view(at now: Duration) -> ClusterView {
        let servers = entries.map { entry in
            let name = MySQLClusterConfiguration.name(entry.address)
            let lag: Duration? = name == primary ? .zero : entry.answer.map { self.lag(of: $0.executed, at: now) }
            return ClusterView.Server(
                name: name, address: entry.address, uuid: entry.answer?.uuid,
                isReachable: entry.isThere || entry.answer == nil,
                servesReads: entry.isThere && entry.answer?.hasGTIDs == true && (lag ?? .zero) <= maximumLag,
                // To the second: what changes all the time would be news all the time.
                lagSeconds: lag.map { ($0 / .seconds(1)).rounded(.down) })
        }
        let writable = self.writable
        let takesWrites = writable.count == 1 && entries[writable[0]].answer?.hasGTIDs == true
        return ClusterView(
            epoch: 0, primary: primary, takesWrites: takesWrites, servers: servers,
            detail: takesWrites ? nil : problem(writable))
    }

    private var writable: [Int] {
        entries.indices.filter { entries[$0].isThere && entries[$0].answer?.isReadOnly == false }
    }

    /// How old the primary's first position is that the server has not reached.
    private func lag(of position: GTIDPosition, at now: Duration) -> Duration {
        let behind = history.first { !$0.position.missing(in: position).isEmpty }
        return behind.map { now - $0.time } ?? .zero
    }

    private func problem(_ writable: [Int]) -> String {
        let names = writable.map { MySQLClusterConfiguration.name(entries[$0].address) }
        if names.count > 1 {
            return "\(names.joined(separator: " and ")) all accept writes; set read_only on the replicas"
        }
        let problems = entries.compactMap { entry in
            entry.problem.map { "\(MySQLClusterConfiguration.name(entry.address)): \($0)" }
        }
        return problems.isEmpty ? "all servers are read-only" : problems.joined(separator: "; ")
    }
}

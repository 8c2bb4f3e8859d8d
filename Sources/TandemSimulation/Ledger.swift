import TandemFailover

/// Every transaction of a run. A transaction's number stands for its place in a tree: two servers that have the same
/// transaction at the same place have the same history up to there.
struct Ledger: Sendable {
    /// The server UUID (numbered) that a transaction was committed under, and its number there: its GTID.
    private(set) var origins: [UInt32] = []
    private(set) var sequences: [UInt32] = []
    private(set) var isClients: [Bool] = []
    var isExported: [Bool] = []

    /// All that a server must hold that has the last acknowledged transaction, that one included.
    private var promised: [UInt32] = []
    /// The length of the history up to the last transaction that was acknowledged since an operator's last word. The
    /// word gives up what was acknowledged before it, and nothing that comes after it. A server that was deposed before
    /// may still tell its clients of a write that it and its successor have: that is lost only if the next primary has
    /// it not.
    private var acknowledgedSinceForce = 0

    var count: Int { origins.count }

    mutating func removeAll() {
        origins.removeAll(keepingCapacity: true)
        sequences.removeAll(keepingCapacity: true)
        isClients.removeAll(keepingCapacity: true)
        isExported.removeAll(keepingCapacity: true)
        promised.removeAll(keepingCapacity: true)
        acknowledgedSinceForce = 0
    }

    mutating func add(origin: UInt32, sequence: UInt32, isClient: Bool) -> UInt32 {
        origins.append(origin)
        sequences.append(sequence)
        isClients.append(isClient)
        isExported.append(false)
        return UInt32(truncatingIfNeeded: origins.count - 1)
    }

    @inline(__always)
    func holdsPromised(_ history: [UInt32], upTo count: Int) -> Bool {
        guard let last = promised.last else { return true }
        return promised.count <= count && history[promised.count - 1] == last
    }

    /// False when the write is not among what others hold who acknowledged later ones, or its server lacks earlier
    /// ones.
    mutating func promise(_ transaction: UInt32, at index: Int, of history: [UInt32]) -> Bool {
        acknowledgedSinceForce = max(acknowledgedSinceForce, index + 1)
        guard index >= promised.count else { return promised[index] == transaction }
        guard holdsPromised(history, upTo: index) else { return false }
        promised.append(contentsOf: history[promised.count...index])
        return true
    }

    /// A server that opens for writes shows its readers these: from now on they must not be lost either. False if they
    /// are not what was acknowledged or shown elsewhere. A server deposed a moment ago may still show an older state.
    mutating func show(_ history: [UInt32], upTo count: Int) -> Bool {
        guard count > promised.count else { return count == 0 || promised[count - 1] == history[count - 1] }
        guard holdsPromised(history, upTo: count) else { return false }
        promised.append(contentsOf: history[promised.count..<count])
        return true
    }

    mutating func forceIsConfirmed() { acknowledgedSinceForce = 0 }

    /// An operator gave up what this history lacks.
    /// - Returns: how many transactions that was; nil when one of them was acknowledged after the word.
    mutating func forgive(whatIsNotIn history: ArraySlice<UInt32>) -> Int? {
        var common = min(promised.count, history.count)
        while common > 0, promised[common - 1] != history[common - 1] { common -= 1 }
        guard acknowledgedSinceForce <= common else { return nil }
        let lost = promised.count - common
        promised.removeLast(lost)
        return lost
    }

    func gtids<Transactions: Sequence<UInt32>>(of transactions: Transactions) -> GTIDSet {
        var intervals: [GTIDSet.Interval] = []
        var source: UInt32 = 0
        var first: UInt32 = 0
        var last: UInt32 = 0
        for transaction in transactions {
            let origin = origins[Int(transaction)]
            let sequence = sequences[Int(transaction)]
            if first > 0, origin == source, sequence == last + 1 {
                last = sequence
                continue
            }
            if first > 0 { intervals.append(.init(source: source, first: UInt64(first), last: UInt64(last))) }
            (source, first, last) = (origin, sequence, sequence)
        }
        if first > 0 { intervals.append(.init(source: source, first: UInt64(first), last: UInt64(last))) }
        return GTIDSet(intervals)
    }
}

/// What a write leaves behind for the reads after it: a server that has come this far has the write.
///
/// It is a value of a few dozen bytes. Keep it with the user's session (``MySQLSession``, or the Hummingbird
/// middleware, which puts it in a cookie), or hand it on with a message; pass it to a read as
/// ``MySQLReadConsistency/after(_:)``.
public struct MySQLSessionToken: Sendable, Hashable {
    /// The cluster's epoch when the write was made: it rises with every change of primary. 0 where nobody counts them.
    public internal(set) var epoch: Int
    var position: GTIDPosition

    init(epoch: Int, position: GTIDPosition) {
        self.epoch = epoch
        self.position = position
    }

    /// Takes in what another token stands for.
    public mutating func merge(_ other: MySQLSessionToken) {
        epoch = max(epoch, other.epoch)
        position.merge(other.position)
    }
}

extension MySQLSessionToken: LosslessStringConvertible {
    /// `3;3e11fa47-71ca-11e1-9e33-c80aa9429562:23`: the epoch, then a GTID set.
    public var description: String { "\(epoch);\(position)" }

    private static let longestBytes = 1024

    /// Reads what ``description`` gives; `nil` for anything else.
    public init?(_ description: String) {
        let parts = description.split(separator: ";", maxSplits: 1, omittingEmptySubsequences: false)
        guard description.utf8.count <= Self.longestBytes, parts.count == 2, let epoch = Int(parts[0]), epoch >= 0,
            let position = GTIDPosition(parts[1])
        else { return nil }
        self.init(epoch: epoch, position: position)
    }
}

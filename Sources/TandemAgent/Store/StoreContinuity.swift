import TandemBlueprint
public import TandemStack

/// Whether etcd's members can go on as what they were, after the stack file has changed while the stack was down.
///
/// They know each other by address, and only a majority of what they were can let others in. While a stack runs,
/// members change one after the other, and this question does not arise.
public struct StoreContinuity: Sendable {
    let last: Stack
    let next: Stack

    public init(last: Stack, next: Stack) {
        self.last = last
        self.next = next
    }

    var isMajorityLeft: Bool {
        let before = last.voters
        let kept = before.filter { host in next.voters.contains { $0.name == host.name && $0.address == host.address } }
        return kept.count * 2 > before.count
    }

    /// Moves the data of all members to where etcd does not look for it, where they cannot go on. Nothing may run.
    /// - Returns: whether there was any to move.
    public func setAside(in folder: StackFolder) throws -> Bool {
        let hosts = folder.hostsWithStore
        guard !hosts.isEmpty, !isMajorityLeft else { return false }
        for host in hosts { try StoreData.setAside(in: "\(folder.host(host))/data") }
        return true
    }
}

import Foundation
import Glibc
import Logging
import TandemCoordination
import TandemFailover
import TandemReplication
import TandemServices
import TandemStack
import TandemTopology

/// An operator's order that the stack go on from the data of one host: from before who is primary was decided through
/// etcd, from a backup, or after etcd has lost its keys. The operator vouches that this data has every acknowledged
/// write.
///
/// It lies with the records of each database host until that host's agent has seen that etcd says who is primary.
public struct Adoption: Codable, Sendable, Equatable {
    /// Whose data it is.
    public var host: String
    /// The highest epoch that is known of; 0: none.
    public var formerEpoch: Int

    private static let fileName = "adoption.json"

    private static func file(_ host: String, _ folder: StackFolder) -> String { "\(folder.records(host))/\(fileName)" }

    static func load(host: String, folder: StackFolder) -> Adoption? {
        try? JSONText.decode(Adoption.self, fromFile: file(host, folder))
    }

    static func remove(host: String, folder: StackFolder) { unlink(file(host, folder)) }

    /// Gives the order to each database host. Nothing of the stack may run. What etcd holds is set aside, and no host's
    /// data counts any more as that of the stack before.
    public static func order(dataOf host: String, stack: Stack, folder: StackFolder) throws {
        let order = Adoption(host: host, formerEpoch: PlacementRecord.all(in: folder).map(\.epoch).max() ?? 0)
        // The order first: without it, data that is not known to belong to the stack is not started.
        for other in stack.hosts(.database) { try AtomicFile.write(order, to: file(other.name, folder)) }
        for other in folder.hostsWithStore { try StoreData.setAside(in: "\(folder.host(other))/data") }
        for other in stack.hosts(.database) where folder.hasData(other.name) {
            try folder.notes(other.name).deleteMembership()
        }
    }
}

extension StackFolder {
    fileprivate func notes(_ host: String) -> DataNotes {
        DataNotes(DataFolder("\(self.host(host))/data/mysql"), names: HostNames([]))
    }

    /// The database hosts with data of which nothing says that it belongs to the stack: it is from before who is
    /// primary was decided through etcd, or was put there by hand.
    func hostsWithForeignData(_ stack: Stack) -> [String] {
        stack.hosts(.database).map(\.name).filter { host in
            guard hasData(host), Adoption.load(host: host, folder: self) == nil else { return false }
            if case .absent = notes(host).membership() { return true }
            return false
        }
    }
}

extension FailoverSeat {
    /// Before this host's driver begins: carries the order out, or waits until the agent has whose data it is.
    func adopt(_ order: Adoption, _ data: FailoverData, _ swap: CloneSwap, _ notes: DataNotes) async throws {
        let isOwn = hosts.number(order.host) == own
        if isOwn, data.process.record?.identity.isAlive != true { try await swap.takeUp() }
        while true {
            try Task.checkCancellation()
            if case .read(let snapshot) = await store.read() {
                if snapshot.state != nil { break }
                if isOwn {
                    logger.notice("the stack goes on from the data of \(order.host)")
                    let transaction = StateTransaction.adopting(
                        dataOf: own, highestEpoch: UInt64(max(0, order.formerEpoch)),
                        cluster: .random(in: 1...ClusterID(UInt32.max)))
                    // Read again, whatever was answered.
                    _ = await store.answer(.write(transaction))
                    continue
                }
            }
            try await Task.sleep(for: .milliseconds(200))
        }
        // From here on it is known where this data belongs, even if its server does not get to run today.
        if FileManager.default.fileExists(atPath: notes.folder.path), case .absent = notes.membership() {
            try notes.note(DataMembership())
        }
    }
}

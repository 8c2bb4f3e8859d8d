import Foundation
import TandemCoordination
import TandemServices

/// What an agent remembers of its claim to a worker, so that the next agent of this host goes on with it.
struct ClaimRecord: Codable, Sendable, Equatable {
    var lease: Int64
    var timeToLive: Duration
    /// Counted since the machine was started.
    var validUntil: ContinuousClock.Instant
    var bootID: String

    // Not `.json`, which are the records of services.
    private static let suffix = ".claim"

    init(_ lease: Lease, bootID: String = ProcessIdentity.currentBootID) {
        self.lease = lease.id.number
        timeToLive = lease.timeToLive
        validUntil = lease.validUntil
        self.bootID = bootID
    }

    static func path(_ worker: String, in folder: String) -> String { "\(folder)/\(worker)\(suffix)" }

    /// The workers that this host has, or had, a claim to.
    static func workers(in folder: String) -> [String] {
        let files = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        return files.filter { $0.hasSuffix(suffix) }.map { String($0.dropLast(suffix.count)) }.sorted()
    }

    /// - Returns: nil where there is none, or one from before the machine was started: its clock began anew.
    static func load(_ path: String) -> Lease? {
        guard let record = try? JSONText.decode(ClaimRecord.self, fromFile: path),
            record.bootID == ProcessIdentity.currentBootID
        else { return nil }
        return Lease(id: LeaseID(record.lease), timeToLive: record.timeToLive, validUntil: record.validUntil)
    }

    /// Not synced to the disk: it is of no use after a loss of power.
    func save(to path: String) throws { try AtomicFile.write(self, to: path, isSynced: false) }
}

import Foundation
import Glibc
import Logging
import TandemFailover
import TandemFailoverDriver
import TandemServices
import TandemStack
import TandemTopology

/// How much room a database's disk has, and when its primary gives its place to another host's.
enum DiskRoom {
    /// With less, mysqld may have to refuse a write, or let all of them wait for room, in the next moment.
    static let reserveMegabytes = 64

    /// What an ordinary user can still write; nil where the system does not say.
    static func megabytes(at folder: String) -> Int? {
        var status = statvfs()
        guard statvfs(folder, &status) == 0 else { return nil }
        // In Swift a shift binds before a product.
        return Int(clamping: (UInt64(status.f_bavail) * UInt64(status.f_frsize)) >> 20)
    }

    static func isFull(at folder: String) -> Bool { megabytes(at: folder) == 0 }

    /// A partner that is itself short of room would hand back in the next moment.
    static func handsOver(own: Int?, partner: Int?) -> Bool {
        guard let own, let partner else { return false }
        return own < reserveMegabytes && partner >= 2 * reserveMegabytes
    }
}

extension FailoverSeat {
    private static let interval = Duration.seconds(1)
    /// From one order to the next: the first one may be on its way still.
    private static let patience = Duration.seconds(10)

    /// Of the disk that this host's data lies on; nil where it holds none.
    var roomMegabytes: Int? { dataFolder.flatMap(DiskRoom.megabytes) }

    /// A primary whose disk is nearly full orders a planned change of primary, while it can still close in order.
    /// Afterwards the primary would refuse writes although its partner has room for them, or let writes wait until an
    /// administrator makes room.
    func watchRoom() async {
        while !Task.isCancelled {
            try? await Ticks.next(every: Self.interval)
            guard let own = roomMegabytes, own < DiskRoom.reserveMegabytes, let report, report.role == .primary,
                report.readiness.blockers.isEmpty, let partner = report.record?.partner, let host = peers.hosts[partner]
            else { continue }
            do {
                let room = try await peers.client.failover(of: host).roomMegabytes
                guard DiskRoom.handsOver(own: own, partner: room) else { continue }
                logger.warning("\(own) MB are left for the database here, so \(host.name) is to be the primary")
                try await switchOver(to: host.name)
            } catch {
                logger.warning("\(own) MB are left for the database here, and \(host.name) cannot be asked: \(error)")
            }
            try? await Task.sleep(for: Self.patience)
        }
    }
}

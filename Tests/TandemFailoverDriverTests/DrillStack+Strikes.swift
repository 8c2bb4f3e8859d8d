import Foundation
import TandemCoordination
import TandemFailover
import TandemFailoverDriver

extension DrillStack {
    /// Strikes a healthy pair under load, and waits until writes are accepted again and the pair is whole. The clients
    /// go on.
    ///
    /// - Parameter fault: is given the primary.
    func strike(_ fault: (DrillHost) async throws -> Void) async throws -> DrillFigures.Strike {
        let primary = try await waitForPair()
        let epoch = await primary.report?.epoch ?? 0
        try await startClients()
        let (struckAt, begin) = (Date(), ContinuousClock.now)
        try await fault(primary)
        _ = try await waitForWrites(after: .now)
        let accepted = ContinuousClock.now
        let whole = try await waitForPair()
        let end = ContinuousClock.now
        let report = await whole.report
        return DrillFigures.Strike(
            struckAt: struckAt, accepted: ledger.timeUntilAccepted(after: begin) ?? .zero,
            pause: ledger.longestGap(since: begin, until: accepted),
            laterPause: ledger.longestGap(since: accepted, until: end), whole: begin.duration(to: end),
            change: report.flatMap { $0.epoch == epoch ? nil : $0.change })
    }

    /// As an operator asks. Waits until the other one takes writes.
    func switchOver(from primary: DrillHost) async throws {
        let partner = other(than: primary)
        _ = try await primary.store?.order(SwitchoverIntent(id: 0, to: partner.id, pauseBudget: 3_000))
        try await eventually("the partner takes writes") { await partner.report?.takesWrites == true }
    }
}

public import TandemCoordination

extension HistoryDetails {
    init(_ change: ChangeTimes) {
        self.init(
            detectedAt: change.detectedAt, sealed: change.sealed, promoted: change.promoted, applied: change.applied,
            opened: change.opened)
    }
}

extension StackStore: FailoverStore {
    public func complete(_ details: HistoryDetails, epoch: UInt64) async -> Bool {
        await completeHistory(of: epoch, with: details)
    }
}

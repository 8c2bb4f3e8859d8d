extension FailoverMachine {
    /// The stack's first start: a host whose data is fresh founds it, the first in the list if it is there. Where any
    /// host has data and etcd has none, etcd lost it, and only an operator can say who was primary.
    mutating func foundStack(_ out: inout [Action]) {
        // Who remembers a stack does not found another: etcd lost it.
        guard configuration.cluster == nil, store.cluster == nil else { return }
        guard let seen = server.seen, mayWrite, !store.isPaused else { return }
        guard seen.life != .down else {
            issue(.startServer, &out)
            return
        }
        guard seen.life == .up, seen.isFresh, !heardOldData else { return }
        let place = (configuration.dataHosts.bits & ((1 << UInt64(me.index)) - 1)).nonzeroBitCount
        guard now - startedAt >= Milliseconds(place) * timing.foundingStagger else { return }
        write(.found, StateRecord(epoch: 1, primary: me, standing: .alone), cause: .founded, &out)
    }

    private var heardOldData: Bool {
        peers.contains { $0.heardAt != nil && $0.status.holdsData && $0.status.serverAnswers && !$0.status.isFresh }
    }
}

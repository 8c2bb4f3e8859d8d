import TandemFailover

/// What a reader of a failing run sees. Nothing is put into words unless a story is asked for.
extension World {
    /// Called under `if isTracing`: a plain argument would be put into words every time.
    mutating func note(_ host: Int?, _ text: String) {
        story.append(StoryLine(atMicroseconds: time, host: host.map { topology.name($0) }, text: text))
    }

    mutating func noteFault(_ fault: Fault) {
        guard isTracing else { return }
        let seconds = Double(fault.lastsMicroseconds / 10_000) / 100
        let other = topology.name(fault.other)
        let text =
            switch fault.kind {
            case .serverKilled: "its server is killed"
            case .serverFrozen: "its server freezes for \(seconds) s"
            case .agentKilled: "its agent is killed, and starts again after \(seconds) s"
            case .agentFrozen: "its agent freezes for \(seconds) s"
            case .bothKilled: "its agent and its server are killed"
            case .powerLost: "loses power for \(seconds) s"
            case .hostFrozen: "freezes for \(seconds) s"
            case .linkCut: "nothing passes between it and \(other) for \(seconds) s"
            case .linkCutOneWay: "nothing that it sends reaches \(other) for \(seconds) s"
            case .isolated: "is cut off from all for \(seconds) s"
            case .diskSlow: "its disk is slow for \(seconds) s"
            case .applierSlow: "its applier is slow for \(seconds) s"
            case .storeLeaderLost: "etcd's leader steps down"
            case .storeGone: "etcd is gone for \(seconds) s"
            case .everythingLost: "all hosts lose power"
            case .networkFlaky: "messages are lost, late and repeated for \(seconds) s"
            case .clockJumped: "its clock jumps ahead by \(seconds) s"
            case .switchoverAsked: "a switchover to \(other) is asked for, within \(seconds) s"
            case .paused: "an operator pauses failover for \(seconds) s"
            case .logsPurged: "the primary's old binary logs are purged"
            case .connectionStorm: "its server takes no more connections for \(seconds) s"
            case .held: "an operator wants its server stopped for \(seconds) s"
            case .leasesLost: "etcd has lost all leases"
            case .timingChanged: "its agent is given new times"
            case .storeErased: "all hosts lose power, and etcd has lost its keys"
            case .failoverForced:
                "the primary's host loses power for \(seconds) s, and an operator forces a failover to \(other)"
            }
        let isGeneral = [
            .storeLeaderLost, .storeGone, .everythingLost, .networkFlaky, .switchoverAsked, .paused, .logsPurged,
            .failoverForced, .storeErased, .leasesLost,
        ]
        .contains(fault.kind)
        if isTracing { note(isGeneral ? nil : fault.host, "FAULT: \(text)") }
    }

    func describe(_ transaction: StateTransaction) -> String {
        "\(transaction.purpose) (\(describe(transaction.record)), if at revision \(transaction.expectedRevision))"
    }

    func describe(_ record: StateRecord) -> String {
        let primary = topology.name(Int(record.primary.index))
        let standing =
            switch record.standing {
            case .alone: "alone"
            case .joining(let host): "joining \(topology.name(Int(host.index)))"
            case .paired(let host): "paired with \(topology.name(Int(host.index)))"
            }
        return "epoch \(record.epoch): \(primary) leads, \(standing)"
    }

    func describe(_ command: ServerCommand) -> String {
        switch command {
        case .killSessions: "ends the sessions of earlier agents"
        case .startServer: "starts its server"
        case .stopServer: "stops its server (SIGTERM)"
        case .killServer: "kills its server (SIGKILL)"
        case .setAccess(.closed): "closes its server"
        case .setAccess(.reading): "lets readers in"
        case .setAccess(.guarded): "opens its server for its own heartbeat only"
        case .setAccess(.writing): "opens its server for writes"
        case .setSourceSide(let isOn): "switches its source side \(isOn ? "on" : "off")"
        case .setReplicaSide(let isOn): "switches its replica side \(isOn ? "on" : "off")"
        case .setDurability(let isOn): isOn ? "has its commits on disk again" : "commits without waiting for its disk"
        case .startReceiver(let host, let epoch):
            "starts its receiver from \(topology.name(Int(host.index))), for epoch \(epoch)"
        case .stopReceiver: "stops its receiver"
        case .startApplier: "starts its applier"
        case .stopApplier: "stops its applier"
        case .prepareDatabase: "prepares its database"
        case .noteWaiting(let pair):
            "notes that its commits wait for \(topology.name(Int(pair.acknowledger.index))) in epoch \(pair.epoch)"
        case .forgetSource: "forgets its source"
        case .admit(let hosts):
            "lets replicate: "
                + self.hosts.indices.filter { hosts.contains(HostID($0)) }.map { topology.name($0) }.joined(
                    separator: ", ")
        case .inspect: "looks at what its disk holds"
        case .export(let set): "exports \(set.count) transactions"
        case .cut(let set): "cuts \(set.count) transactions off its binary log"
        case .discardRelayLog: "throws away its relay log"
        case .clone(let host): "clones \(topology.name(Int(host.index)))"
        case .closeRemotely(let host): "closes \(topology.name(Int(host.index)))'s server over SQL"
        }
    }
}

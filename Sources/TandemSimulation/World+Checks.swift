import TandemFailover

extension World {
    /// Looked at after every step.
    mutating func check() {
        guard violation == nil else { return }
        if let record = store.record {
            checkMayBePromoted(Int(record.primary.index))
            if let partner = record.partner { checkMayBePromoted(Int(partner.index)) }
        }
        guard needsAbilityCheck else { return }
        needsAbilityCheck = false
        checkAcknowledgers()
    }

    private mutating func checkMayBePromoted(_ host: Int) {
        let onDisk = max(servers[host].durable, servers[host].logged)
        guard !ledger.holdsPromised(histories[host], upTo: onDisk) else { return }
        violate(.lostWrite, host, "leads or may be promoted, and lacks an acknowledged write on its disk")
    }

    /// Can acknowledge the next write, now or as soon as it thaws.
    func isAble(_ host: Int) -> Bool {
        guard servers[host].isUp, servers[host].access == .writing else { return false }
        guard servers[host].isSourceSideOn else { return true }
        for other in hosts.indices {
            guard let connection = servers[other].connection, connection.source == host,
                connection.sourceBoot == servers[host].boot, connection.acknowledges, servers[other].isUp
            else { continue }
            return true
        }
        return false
    }

    private mutating func checkAcknowledgers() {
        var able: Int?
        for host in hosts.indices where servers[host].access == .writing && isAble(host) {
            if let able {
                violate(.twoAcknowledge, host, "can acknowledge, and so can \(topology.name(able))")
                return
            }
            able = host
            if !ledger.holdsPromised(histories[host], upTo: servers[host].committed) {
                violate(.lostWrite, host, "serves writes, and lacks an acknowledged one")
                return
            }
        }
    }

    mutating func stateChanged(from old: StateRecord?, by transaction: StateTransaction) {
        let new = transaction.record
        if store.cluster == nil || store.history.last?.epoch != new.epoch || store.history.count != Int(new.epoch) {
            violate(.epochWentBack, Int(new.primary.index), "leads in an epoch without init or history")
        }
        guard let old else {
            if lostRecord != nil { violate(.wrongPromotion, Int(new.primary.index), "founds a stack that there is") }
            return
        }
        let hasChanged = old.primary != new.primary
        guard new.epoch == old.epoch + (hasChanged ? 1 : 0) else {
            violate(.epochWentBack, Int(new.primary.index), "epoch \(old.epoch) is followed by \(new.epoch)")
            return
        }
        guard hasChanged else { return }
        measures.failovers += 1
        if transaction.purpose == .force {
            acceptLoss(Int(new.primary.index), transaction.expectedRevision)
        } else if old.partner != new.primary {
            violate(.wrongPromotion, Int(new.primary.index), "is promoted, and was not the partner")
        }
    }

    /// Forced: what the new primary lacks is no longer promised, but must not be thrown away by whoever has it.
    private mutating func acceptLoss(_ host: Int, _ revision: UInt64) {
        guard confirmation.hosts.contains(HostID(host)), confirmation.stateRevision == revision else {
            violate(.wrongPromotion, host, "is promoted by force, without an operator's word on this state")
            return
        }
        let onDisk = max(servers[host].durable, servers[host].logged)
        guard let forgiven = ledger.forgive(whatIsNotIn: histories[host][..<onDisk]) else {
            violate(.lostWrite, host, "is promoted by force, and lacks a write that was acknowledged after the word")
            return
        }
        measures.forced += 1
        measures.forgiven += forgiven
    }

    mutating func measureAcknowledgement() {
        let epoch = store.record?.epoch ?? 0
        if epoch != lastAcknowledgedEpoch, lastAcknowledgedEpoch > 0 {
            measures.outages.append(Int32(truncatingIfNeeded: (time - lastAcknowledgedAt) / 1_000))
        }
        if time > World.firstFaultAt {
            measures.longestSilence = max(measures.longestSilence, Int(time - lastAcknowledgedAt) / 1_000)
        }
        lastAcknowledgedAt = time
        lastAcknowledgedEpoch = epoch
    }

    /// What is thrown away must be exported, or be at the primary.
    mutating func checkSalvage(_ host: Int, from first: Int) {
        let primary = store.record.map { histories[Int($0.primary.index)] } ?? []
        for index in first..<servers[host].held {
            let transaction = histories[host][index]
            guard ledger.isClients[Int(transaction)], !ledger.isExported[Int(transaction)] else { continue }
            if index < primary.count, primary[index] == transaction { continue }
            violate(.salvageLost, host, "throws away a transaction that nobody else has and that was not exported")
            return
        }
    }

    /// A recorded solo owner closes for nothing: nobody else can be promoted.
    mutating func checkClosing(_ host: Int) {
        guard let agent = agent(host), let known = agent.knownRecord, known == store.record,
            known.primary.index == UInt8(host), known.standing == .alone, !agent.mayBePaired, !agent.isHoldingServer
        else { return }
        violate(.needlessClosing, host, "closes its server, though it alone may acknowledge")
    }

    mutating func audit() {
        schedule(.audit, after: 500_000)
        for host in hosts.indices where hosts[host].holdsData {
            if hosts[host].hasAgent, let known = agents[host].knownRecord {
                if known.epoch < hosts[host].knownEpoch {
                    violate(.epochWentBack, host, "knew epoch \(hosts[host].knownEpoch), and now \(known.epoch)")
                }
                hosts[host].knownEpoch = known.epoch
            }
            auditOpenness(host)
        }
        if faultsAreOver, violation == nil { isConverged = hasConverged() }
    }

    private static let staleAuditBound = 30

    /// A deposed primary whose agent is well closes within a bound: reads there grow older and older.
    private mutating func auditOpenness(_ host: Int) {
        let isOpen = serverAnswers(host) && servers[host].access == .writing
        let isDeposed = store.record.map { Int($0.primary.index) != host } ?? false
        let agentIsWell = hosts[host].hasAgent && hosts[host].agentFrozenUntil <= time
        guard isOpen, isDeposed, agentIsWell else {
            hosts[host].staleAudits = 0
            return
        }
        hosts[host].staleAudits += 1
        if hosts[host].staleAudits > Self.staleAuditBound {
            violate(.staleServer, host, "was deposed long ago and still lets clients in")
        }
    }

    /// A primary that acknowledges, a full pair, and everybody else following.
    func hasConverged() -> Bool {
        guard let record = store.record, case .paired(let partner) = record.standing, store.intent == nil else {
            return false
        }
        let primary = Int(record.primary.index)
        guard serverAnswers(primary), servers[primary].access == .writing, lastAcknowledgedAt > healedAt else {
            return false
        }
        for host in hosts.indices where hosts[host].holdsData && host != primary {
            guard let connection = servers[host].connection, connection.source == primary,
                connection.sourceBoot == servers[primary].boot,
                connection.acknowledges == (host == Int(partner.index)), servers[host].access == .reading,
                servers[host].isApplierOn, !servers[host].isSourceSideOn
            else { return false }
        }
        return true
    }

    mutating func violate(_ rule: Violation.Rule, _ host: Int, _ what: String) {
        guard violation == nil else { return }
        if isTracing { note(host, "VIOLATION: \(what)") }
        // The story ends here.
        isTracing = false
        violation = Violation(rule: rule, atMicroseconds: time, text: "\(topology.name(host)) \(what)")
    }
}

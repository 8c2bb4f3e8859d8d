import TandemFailover

/// A rule of the protocol, left out or turned round: the simulator has to notice each of them.
package enum BrokenRule: String, CaseIterable, Sendable {
    case shrinkDatabaseFirst, openBeforeApplying, promoteAnyFollower, promoteFromAlone, trustRenewedLease
    case growWithoutMarker, growStoreFirst, unsealAfterUnknownOutcome, receiveBeforeReading, promoteWithoutSealing
    case readProvesNoWrite, openAloneWithoutClaim, admitEverybody, keepOldSessions, abandonStatements
    case rejoinWithoutComparing, cutWithoutExport, openPairUnproven, fenceAlone
    case unstickBySourceSide, applyWithSourceSideOn
    case relayLogUnsynced, relayLogRecovery, binaryLogUnsynced, terminatePolitely, bootOpen
    case keepUUIDAfterCut, forceOnOldRevision, waitForLostHeartbeats
    case admitWhileClosed, waitForKilledSessions, trustAnyWaitingNote, keepWaitingNote, openUnprepared
    case takeFailedHeartbeatForProof, changeSourceWhileApplying, stopWithoutClosing, endAnyIntent
    case takeLostLeaseForRefusal, heedLastHold, forgetAbandonedStatements
    case foundWithoutAsking, acknowledgeUnapplied, acknowledgeUndurable, followTorn

    /// The reducer's rule that is left out. nil where it is a server's setting.
    private var rule: WritableKeyPath<Rules, Bool>? {
        switch self {
        case .shrinkDatabaseFirst: \.shrinksStoreFirst
        case .openBeforeApplying: \.appliesBeforeOpening
        case .promoteAnyFollower: \.promotesPartnerOnly
        case .promoteFromAlone: \.promotesFromPairOnly
        case .trustRenewedLease: \.readsLeader
        case .growWithoutMarker: \.provesBeforePairing
        case .growStoreFirst: \.growsDatabaseFirst
        case .unsealAfterUnknownOutcome: \.staysSealedWhileUnknown
        case .receiveBeforeReading: \.readsBeforeReceiving
        case .promoteWithoutSealing: \.sealsBeforePromoting
        case .readProvesNoWrite: \.repeatsUnknownWrites
        case .openAloneWithoutClaim: \.claimsFirst
        case .admitEverybody: \.admitsNamedOnly
        case .keepOldSessions: \.endsOldSessions
        case .abandonStatements: \.endsHangingStatements
        case .rejoinWithoutComparing: \.comparesBeforeFollowing
        case .cutWithoutExport: \.exportsBeforeCutting
        case .openPairUnproven: \.provesBeforeOpening
        case .fenceAlone: \.staysOpenAlone
        case .unstickBySourceSide: \.killsToClose
        case .applyWithSourceSideOn: \.appliesWithSourceSideOff
        case .forceOnOldRevision: \.checksForcedRevision
        case .waitForLostHeartbeats: \.forgetsLostHeartbeats
        case .admitWhileClosed: \.admitsOnOpenServer
        case .trustAnyWaitingNote: \.checksWaitingNote
        case .openUnprepared: \.preparesBeforeOpening
        case .takeFailedHeartbeatForProof: \.needsCommittedHeartbeat
        case .changeSourceWhileApplying: \.stopsApplierFirst
        case .stopWithoutClosing: \.closesBeforeStopping
        case .forgetAbandonedStatements: \.heedsAbandonedStatements
        case .foundWithoutAsking: \.asksBeforeFounding
        case .heedLastHold: \.heedsNewestHold
        case .acknowledgeUnapplied: \.appliesBeforeAcknowledging
        case .acknowledgeUndurable: \.isDurableBeforeAcknowledging
        case .followTorn: \.replacesTornData
        case .waitForKilledSessions, .keepWaitingNote, .endAnyIntent, .takeLostLeaseForRefusal: nil
        case .relayLogUnsynced, .relayLogRecovery, .binaryLogUnsynced, .terminatePolitely, .bootOpen, .keepUUIDAfterCut:
            nil
        }
    }

    package var rules: Rules {
        var rules = Rules()
        if let rule { rules[keyPath: rule] = false }
        return rules
    }

    package var serverDefects: ServerDefects {
        switch self {
        case .relayLogUnsynced: .relayLogUnsynced
        case .relayLogRecovery: .relayLogRecovery
        case .binaryLogUnsynced: .binaryLogUnsynced
        case .terminatePolitely: .terminatesPolitely
        case .bootOpen: .bootsOpen
        case .keepUUIDAfterCut: .keepsUUIDAfterCut
        case .waitForKilledSessions: .waitsForKilledSessions
        case .keepWaitingNote: .keepsNote
        case .endAnyIntent: .endsAnyIntent
        case .acknowledgeUnapplied: .acknowledgesUnapplied
        case .acknowledgeUndurable: .acknowledgesUndurable
        case .takeLostLeaseForRefusal: .takesLostLeaseForRefusal
        default: []
        }
    }
}

extension SimulationRunner {
    package init(options: Options, breaking rule: BrokenRule) {
        self.init(options: options)
        rules = rule.rules
        serverDefects = rule.serverDefects
    }
}

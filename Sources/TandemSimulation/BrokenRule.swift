import TandemFailover

/// A rule of the protocol, left out or turned round: the simulator has to notice each of them.
package enum BrokenRule: String, CaseIterable, Sendable {
    case shrinkDatabaseFirst, openBeforeApplying, promoteAnyFollower, promoteFromSolo, trustRenewedLease
    case growWithoutMarker, growStoreFirst, unsealAfterUnknownOutcome, receiveBeforeReading, promoteWithoutSealing
    case readProvesNoWrite, openAloneWithoutClaim, admitEverybody, keepOldSessions, abandonStatements
    case rejoinWithoutComparing, cutWithoutExport, openPairUnproven, fenceAlone
    case unstickBySourceSide, applyWithSourceSideOn
    case relayLogUnsynced, relayLogRecovery, binaryLogUnsynced, terminatePolitely, bootOpen
    case keepUUIDAfterCut, forceOnOldWord, waitForLostHeartbeats

    package var defects: Defects {
        switch self {
        case .shrinkDatabaseFirst: .shrinksDatabaseFirst
        case .openBeforeApplying: .opensBeforeApplying
        case .promoteAnyFollower: .promotesAnyFollower
        case .promoteFromSolo: .soloPromotes
        case .trustRenewedLease: .trustsRenewedLease
        case .growWithoutMarker: .growsWithoutMarker
        case .growStoreFirst: .growsStoreFirst
        case .unsealAfterUnknownOutcome: .unsealsAfterUnknownOutcome
        case .receiveBeforeReading: .receivesBeforeReading
        case .promoteWithoutSealing: .promotesWithoutSealing
        case .readProvesNoWrite: .readProvesNoWrite
        case .openAloneWithoutClaim: .skipsClaim
        case .admitEverybody: .admitsEverybody
        case .keepOldSessions: .keepsOldSessions
        case .abandonStatements: .abandonsStatements
        case .rejoinWithoutComparing: .rejoinsWithoutComparing
        case .cutWithoutExport: .cutsWithoutExport
        case .openPairUnproven: .opensPairUnproven
        case .fenceAlone: .soloFences
        case .unstickBySourceSide: .unsticksBySourceSide
        case .applyWithSourceSideOn: .appliesWithSourceSideOn
        case .forceOnOldWord: .forcesOnOldWord
        case .waitForLostHeartbeats: .waitsForLostHeartbeats
        default: []
        }
    }

    package var serverDefects: ServerDefects {
        switch self {
        case .relayLogUnsynced: .relayLogUnsynced
        case .relayLogRecovery: .relayLogRecovery
        case .binaryLogUnsynced: .binaryLogUnsynced
        case .terminatePolitely: .terminatesPolitely
        case .bootOpen: .bootsOpen
        case .keepUUIDAfterCut: .keepsUUIDAfterCut
        default: []
        }
    }
}

extension SimulationRunner {
    package init(options: Options, breaking rule: BrokenRule) {
        self.init(options: options)
        defects = rule.defects
        serverDefects = rule.serverDefects
    }
}

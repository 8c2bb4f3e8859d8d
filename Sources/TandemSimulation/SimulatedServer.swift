import TandemFailover

/// A mysqld, as far as the protocol can tell: binary log, relay log, disk, semi-sync, who gets in.
///
/// Its transactions themselves lie in `World.histories`: copying this costs no counting of references, and the
/// simulation does so all the time.
struct SimulatedServer: Sendable {
    enum Process: UInt8, Sendable { case down, booting, up }

    struct Connection: Sendable {
        var source: Int
        var sourceBoot: UInt32
        var acknowledges: Bool
    }

    struct WaitingHeartbeat: Sendable {
        var count: Int
        var id: UInt64
        var incarnation: UInt32
    }

    var process = Process.down
    var boot: UInt32 = 0
    var frozenUntil: Int64 = 0
    var diskSlowUntil: Int64 = 0
    var applierSlowUntil: Int64 = 0
    /// It takes no more connections: looks and statements fail with error 1040.
    var crowdedUntil: Int64 = 0
    /// A new agent ends earlier sessions, and takes one that waits in a commit for one that is still to be ended.
    var waitsForKilledSessions = false

    // On disk.
    /// How long its history is.
    var held = 0
    /// In the binary log.
    var logged = 0
    /// Committed in the storage engine. At a primary, logged[committed...] wait for an acknowledgement.
    var committed = 0
    /// Relay log entries beyond this are lost with the power.
    var durable = 0
    var purged = 0
    var origin: UInt32
    var sequence: UInt32 = 0
    var admitted = HostSet(bits: .max)
    var source: Int?
    /// A file: since its history was so long, commits were not on disk when they were answered.
    var undurableFrom: Int?
    /// Power was lost then: its tables need not have what its logs say.
    var isTorn = false
    var attachedEpoch: UInt64 = 0
    var isFresh = true
    /// The waiting note, a file.
    var note: WaitingNote?

    // In memory.
    var access = ServerObservation.Access.closed
    var isSourceSideOn = true
    var isReplicaSideOn = false
    /// As its settings say, until a receiver starts that nobody waits for.
    var syncsRelayLog = true
    var isDurable = true
    var isReceiverOn = false
    var isReceiverRefused = false
    var connection: Connection?
    var session: UInt32 = 0
    var isDeliveryUnderWay = false
    var isApplierOn = false
    var applierReadyAt: Int64 = 0
    var receivedCount: UInt64 = 0
    /// Statements of agents before this one were ended.
    var sessionsFrom: UInt32 = 0

    var isUp: Bool { process == .up }
    var waiting: Int { isUp ? logged - committed : 0 }

    /// What was received and is due is applied. With the source side on, an applier waits for ever.
    mutating func settle(at time: Int64) {
        guard isApplierOn, process == .up, logged < held, !isSourceSideOn, time >= applierReadyAt,
            time >= frozenUntil
        else { return }
        logged = held
        committed = held
        durable = held
    }

    mutating func bootClosed(opensWithoutSemiSync: Bool) {
        boot &+= 1
        process = .booting
        access = opensWithoutSemiSync ? .writing : .closed
        isSourceSideOn = !opensWithoutSemiSync
        isReplicaSideOn = false
        syncsRelayLog = true
        isDurable = true
        stopReceiver()
        isReceiverRefused = false
        isApplierOn = false
        waitsForKilledSessions = false
        // Crash recovery commits what the binary log has.
        committed = logged
    }

    mutating func stopReceiver() {
        isReceiverOn = false
        disconnect()
    }

    mutating func disconnect() {
        connection = nil
        session &+= 1
        isDeliveryUnderWay = false
    }

    init(origin: UInt32) { self.origin = origin }
}

/// Settings of the servers that the protocol relies on, left wrong one by one.
package struct ServerDefects: OptionSet, Hashable, Sendable {
    package let rawValue: UInt32
    package init(rawValue: UInt32) { self.rawValue = rawValue }

    package static let relayLogUnsynced = ServerDefects(rawValue: 1 << 0)
    package static let relayLogRecovery = ServerDefects(rawValue: 1 << 1)
    package static let binaryLogUnsynced = ServerDefects(rawValue: 1 << 2)
    package static let terminatesPolitely = ServerDefects(rawValue: 1 << 3)
    package static let bootsOpen = ServerDefects(rawValue: 1 << 4)
    package static let keepsUUIDAfterCut = ServerDefects(rawValue: 1 << 6)
    /// What agents must not do with servers and etcd.
    package static let keepsNote = ServerDefects(rawValue: 1 << 7)
    package static let waitsForKilledSessions = ServerDefects(rawValue: 1 << 8)
    package static let takesLostLeaseForRefusal = ServerDefects(rawValue: 1 << 9)
    package static let endsAnyIntent = ServerDefects(rawValue: 1 << 10)
    package static let acknowledgesUnapplied = ServerDefects(rawValue: 1 << 11)
    package static let acknowledgesUndurable = ServerDefects(rawValue: 1 << 12)
}

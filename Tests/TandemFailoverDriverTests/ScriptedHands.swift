import Foundation
import Logging
import Synchronization
import TandemCoordination
import TandemFailover
import TandemFailoverDriver

/// A server that a test moves by hand.
final class ScriptedHands: ServerHands {
    struct State {
        var seen = ServerObservation(life: .down, isFresh: true)
        var looks: [UInt64] = []
        var isInUse = true
        /// In order, "begin" and "end" of each command.
        var story: [String] = []
        var times: [ContinuousClock.Instant] = []
        var hangs: Set<String> = []
        var remembered: [ClusterID] = []
        var heartbeats = 0
    }

    let state = Mutex(State())
    let processEnds: AsyncStream<Void>
    let ended: AsyncStream<Void>.Continuation

    init() { (processEnds, ended) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1)) }

    var story: [String] { state.withLock { $0.story } }

    /// When it last happened.
    func time(of event: String) -> ContinuousClock.Instant? {
        state.withLock { state in state.story.lastIndex(of: event).map { state.times[$0] } }
    }

    func look(order: UInt64) async -> ServerObservation {
        state.withLock { state in
            state.looks.append(order)
            var seen = state.seen
            seen.order = order
            return seen
        }
    }

    var isInUse: Bool { get async { state.withLock { $0.isInUse } } }

    static func name(_ command: ServerCommand) -> String {
        "\(command)".split(separator: "(").first.map(String.init) ?? ""
    }

    func run(_ command: ServerCommand) async -> CommandOutcome {
        let name = Self.name(command)
        let hangs = state.withLock { state in
            state.note("begin \(name)")
            return state.hangs.contains(name)
        }
        if hangs { try? await Task.sleep(for: .seconds(600)) }
        // A step that was given up takes a moment to end.
        if Task.isCancelled { await Task { try? await Task.sleep(for: .milliseconds(150)) }.value }
        return state.withLock { state in
            state.note("end \(name)")
            guard !hangs else { return .failed }
            state.take(command)
            return .done
        }
    }

    func letClientsFinish() async {}

    func heartbeat(epoch: UInt64) async -> Bool {
        state.withLock { $0.heartbeats += 1 }
        return true
    }

    func transactions() async -> ServerTransactions? { ServerTransactions(executed: "", purged: "") }

    func gtidSet(_ text: String) throws -> GTIDSet { GTIDSet.empty }

    func remember(cluster: ClusterID) async throws { state.withLock { $0.remembered.append(cluster) } }
}

extension ScriptedHands.State {
    mutating func note(_ event: String) {
        story.append(event)
        times.append(.now)
    }

    mutating func take(_ command: ServerCommand) {
        switch command {
        case .startServer: seen = ServerObservation(life: .up, isPrepared: false, isFresh: true, bootCount: 1)
        case .killServer: seen = ServerObservation(life: .down, isFresh: true)
        case .setAccess(let access): seen.access = access
        case .setSourceSide(let isOn): seen.isSourceSideOn = isOn
        case .setReplicaSide(let isOn): seen.isReplicaSideOn = isOn
        case .setDurability(let isOn): seen.isDurable = isOn
        case .prepareDatabase:
            seen.isPrepared = true
            seen.isFresh = false
        case .admit(let hosts): seen.admitted = hosts
        default: break
        }
    }
}

/// etcd for one host, without etcd.
final class ScriptedStore: FailoverStore {
    struct State {
        var snapshot = StoreSnapshot()
        var revision: UInt64 = 0
        var refreshes = 0
        var history: [UInt64: HistoryDetails] = [:]
    }

    let state = Mutex(State())
    let hint: AsyncStream<Void>.Continuation
    private let stream: AsyncStream<Void>

    init() { (stream, hint) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1)) }

    func answer(_ request: StoreRequest) async -> StoreAnswer {
        state.withLock { state in
            switch request {
            case .refresh:
                state.refreshes += 1
                return .read(state.snapshot)
            case .write(let transaction):
                guard transaction.expectedRevision == state.snapshot.stateRevision else { return .refused }
                state.revision += 1
                state.snapshot.state = transaction.record
                state.snapshot.stateRevision = state.revision
                if transaction.takesLeader {
                    state.snapshot.leader = LeaderRecord(
                        host: transaction.record.primary, epoch: transaction.record.epoch)
                }
                if let founded = transaction.founds { state.snapshot.cluster = founded }
                return .written(revision: state.revision)
            }
        }
    }

    func complete(_ details: HistoryDetails, epoch: UInt64) async -> Bool {
        state.withLock { $0.history[epoch] = details }
        return true
    }

    func hints() -> AsyncStream<Void> { stream }
}

struct SilentPeers: PeerChannel {
    func send(_ message: PeerMessage, to host: HostID) async -> PeerReply? { nil }
}

let quietLogger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

func eventually(
    _ what: String, within bound: Duration = .seconds(60), _ condition: () async throws -> Bool
) async throws {
    let deadline = ContinuousClock.now + bound
    while try await !condition() {
        guard ContinuousClock.now < deadline else { throw NotSo(what: what) }
        try await Task.sleep(for: .milliseconds(10))
    }
}

struct NotSo: Error, CustomStringConvertible {
    let what: String
    var description: String { "this did not come about: \(what)" }
}

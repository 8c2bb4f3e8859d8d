public import Logging
import MySQLConnector
public import TandemFailover

/// One database server as its own agent sees it and works on it, over SQL.
///
/// Three connections are kept open: for looks, for commands, and for heartbeats. They are opened as soon as the server
/// answers, since it may let nobody in later, when it is to be closed.
public actor DatabaseServer {
    nonisolated let settings: DatabaseServerSettings
    /// The sets of transactions that it reads are numbered by this.
    public nonisolated let numbering: GTIDNumbering
    nonisolated let logger: Logger
    nonisolated let looks: ServerSession
    nonisolated let commands: ServerSession
    nonisolated let beats: ServerSession

    /// When the last look began.
    var lookBegan = ContinuousClock.now
    var failedLooks = RepeatedWords()
    var wrongWaits = RepeatedWords()
    /// The connection on which a command's statement succeeded last, and when.
    var provenCommands: (connection: MySQLConnection, at: ContinuousClock.Instant)?
    var probe: SourceProbe?
    var arrivals: String?
    var receivedCount: UInt64 = 0
    var distance = SourceDistance()
    var commits = CommitPace()
    /// When the receiver was refused that was stopped since: MySQL goes on showing that error.
    var settledRefusal: String?

    public init(
        settings: DatabaseServerSettings, numbering: GTIDNumbering = GTIDNumbering(),
        logger: Logger = Logger(label: "tandem.database", factory: { _ in SwiftLogNoOpLogHandler() })
    ) {
        self.settings = settings
        self.numbering = numbering
        self.logger = logger
        let bounds = settings.bounds
        looks = ServerSession(
            settings, bound: bounds.look,
            setUp: ["SET SESSION lock_wait_timeout = 1, group_concat_max_len = 65536"], logger: logger)
        commands = ServerSession(
            settings, bound: bounds.statement,
            setUp: ["SET SESSION lock_wait_timeout = 2, innodb_lock_wait_timeout = 2"], logger: logger)
        beats = ServerSession(
            settings, bound: bounds.heartbeat,
            // What cuts and exports a binary log tells heartbeats from clients' writes, which it cannot where they are
            // compressed.
            setUp: [
                "SET SESSION lock_wait_timeout = 1, innodb_lock_wait_timeout = 1, binlog_transaction_compression = OFF"
            ], logger: logger)
    }

    /// Carries a command out, where that is done over SQL.
    ///
    /// When it throws, the statement has failed or its session is ended, so that nothing of it takes effect any more.
    /// Of a server that says nothing this is not known: then it returns when that server has ended, or this task is
    /// cancelled.
    public func run(_ command: ServerCommand) async throws {
        switch command {
        case .killSessions: try await killSessions()
        case .setAccess(let access): try await setAccess(access)
        case .setSourceSide(let isOn): try await set("rpl_semi_sync_source_enabled", isOn)
        case .setReplicaSide(let isOn):
            // Before anything can be acknowledged, also by a receiver that connects anew by itself.
            if isOn {
                try await checkCommitsAreDurable()
                try await syncRelayLog(true)
            }
            try await set("rpl_semi_sync_replica_enabled", isOn)
        case .setDurability(let isOn): try await setDurability(isOn)
        case .startReceiver(let source, _): try await startReceiver(from: source)
        case .stopReceiver:
            // It is to take the place of its source, which may be closing: looks would wait for its answer, and clients
            // for the looks.
            await probe?.expectSilence()
            try await stopReceiver()
        case .startApplier: try await execute("START REPLICA SQL_THREAD")
        case .stopApplier:
            // It is to lead, or to follow another: what its source answers counts no more, and is not waited for.
            await probe?.expectSilence()
            try await stopApplier()
        case .forgetSource: try await execute("RESET REPLICA ALL")
        case .discardRelayLog: try await execute("RESET REPLICA")
        case .prepareDatabase: try await prepareDatabase()
        case .admit(let hosts): try await admit(hosts)
        case .closeRemotely(let host): try await closeRemotely(host)
        case .startServer, .killServer, .stopServer, .noteWaiting, .inspect, .export, .cut, .clone:
            throw DatabaseServerError("\(command) is nothing that is done over SQL")
        }
    }

    /// Commits the heartbeat row. In a pair it returns once the partner has it on disk.
    public func heartbeat(epoch: UInt64) async throws {
        try await Heartbeat.beat(epoch: epoch, on: try await working(beats))
    }

    /// How far a server that does not lead is behind, in seconds; nil before the first heartbeat row has arrived. Over
    /// the connection for heartbeats, which it has no other use for.
    public func lagSeconds() async throws -> Double? { try await Heartbeat.lagSeconds(on: try await beats.open()) }

    public func gtids() async throws -> (executed: GTIDSet, purged: GTIDSet) {
        let row = try await working(looks).execute(
            "SELECT @@GLOBAL.gtid_executed AS executed, @@GLOBAL.gtid_purged AS purged"
        ).first
        guard let row else { throw DatabaseServerError("the server did not say which transactions it has") }
        return (
            try numbering.set(try row.decode("executed", as: String.self)),
            try numbering.set(try row.decode("purged", as: String.self))
        )
    }

    public func disconnect() async {
        for session in [looks, commands, beats] { await session.close() }
        await probe?.close()
        probe = nil
    }

    /// Opens what is not open. Where that fails now, it is tried again with the next look.
    func keepOpen() async {
        _ = try? await commands.open()
        _ = try? await beats.open()
    }
}

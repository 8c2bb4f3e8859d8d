import CoreMetrics
public import MySQLConnector
import Synchronization

extension MySQLCluster {
    /// Runs one prepared statement on the primary or a replica.
    ///
    /// - Parameter consistency: left out, ``MySQLReadConsistency/session`` within a ``MySQLSession``, else
    ///   ``MySQLReadConsistency/eventual``.
    /// - Throws: what the statement is at fault for; `MySQLError` with the code `noServer` when none could answer
    ///   within ``MySQLClusterConfiguration/readHoldLimit``. A server that fails is not the statement's fault: another
    ///   is asked.
    public func read(
        _ query: MySQLQuery, consistency: MySQLReadConsistency? = nil, file: String = #fileID, line: Int = #line
    ) async throws -> MySQLResult {
        try await read(isolation: nil, consistency: consistency) { client, server, awaiting in
            // The pool gives a single statement to a connection without lending that to us, which would take two more
            // changes of thread.
            guard let awaiting else { return try await client.query(query, file: file, line: line) }
            return try await client.withConnection(isolation: nil) { connection in
                try await self.await(awaiting, on: connection, server)
                return try await connection.query(query, file: file, line: line)
            }
        }
    }

    /// Lends a connection to one server for several reads. Each statement sees what is there when it runs; for one view
    /// of all use ``readTransaction(isolation:consistency:_:)``.
    ///
    /// The closure is run again on another server when its own fails, so it should do nothing but read.
    public func read<Value: Sendable>(
        isolation: isolated (any Actor)? = #isolation, consistency: MySQLReadConsistency? = nil,
        _ body: (MySQLConnection) async throws -> Value
    ) async throws -> Value {
        try await read(isolation: isolation, consistency: consistency) { client, server, awaiting in
            try await client.withConnection(isolation: isolation) { connection in
                if let awaiting { try await self.await(awaiting, on: connection, server) }
                return try await body(connection)
            }
        }
    }

    /// - Parameter body: gets a server's client and name, and what has to be there before it reads.
    private func read<Value: Sendable>(
        isolation: isolated (any Actor)?, consistency: MySQLReadConsistency?,
        _ body: (MySQLClient, _ server: String, _ awaiting: GTIDPosition?) async throws -> Value
    ) async throws -> Value {
        let session = MySQLSession.task
        let (isStrong, token) = demand(consistency, session)
        var hold = Hold(limit: configuration.readHoldLimit)
        var tried: Set<String> = []
        while true {
            let rings = bell.rings
            let (route, pool) = route(strong: isStrong, after: token, tried: tried)
            guard case .server(let server, let awaiting) = route, let pool else {
                try await self.hold(&hold, .read, rings: rings)
                continue
            }
            do {
                let value = try await body(pool.client, server, awaiting)
                answered(server, has: awaiting)
                session?.didRead(from: server)
                recordHold(hold, .read)
                return value
            } catch {
                try failed(server, Verdict.unmasked(error), &hold)
                // All others first; once all have failed, a pause.
                if tried.insert(server).inserted, canTryAnother(strong: isStrong, tried: tried) { continue }
                tried = []
                try await self.hold(&hold, .read, rings: rings)
            }
        }
    }

    /// Runs the closure in a read-only transaction: all its statements see the same moment, and none can write.
    public func readTransaction<Value: Sendable>(
        isolation: isolated (any Actor)? = #isolation, consistency: MySQLReadConsistency? = nil,
        _ body: (MySQLConnection) async throws -> Value
    ) async throws -> Value {
        try await read(isolation: isolation, consistency: consistency) { connection in
            try await connection.execute("START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY")
            do {
                let value = try await body(connection)
                try await connection.commit()
                return value
            } catch {
                await connection.rollBack()
                throw error
            }
        }
    }

    // MARK: -

    private func demand(
        _ consistency: MySQLReadConsistency?, _ session: MySQLSession?
    ) -> (isStrong: Bool, token: MySQLSessionToken?) {
        switch consistency {
        case .eventual: (false, nil)
        case .session, nil: (false, session?.token)
        case .after(let token): (false, token)
        case .strong: (true, nil)
        }
    }

    private func route(
        strong: Bool, after token: MySQLSessionToken?, tried: Set<String>
    ) -> (RoutingState.ReadRoute, ServerPool?) {
        let now = now
        return state.withLock { state in
            let route = state.routing.read(strong: strong, after: token, tried: tried, at: now)
            guard case .server(let name, _) = route else { return (route, nil) }
            return (route, state.readPools[name])
        }
    }

    private func canTryAnother(strong: Bool, tried: Set<String>) -> Bool {
        state.withLock { state in
            state.routing.servers.contains {
                $0.seen.servesReads && !tried.contains($0.seen.name)
                    && (!strong || $0.seen.name == state.routing.view?.primary)
            }
        }
    }

    private func answered(_ server: String, has position: GTIDPosition?) {
        let now = now
        state.withLock { state in
            state.routing.finishedRead(server, .answered(has: position), at: now)
            state.count(server, \.readsTotal)
        }
        metrics[server].reads.increment()
    }

    /// - Throws: the error, when no other server would do better.
    private func failed(_ server: String, _ error: any Error, _ hold: inout Hold) throws {
        let now = now
        let verdict = Verdict(error)
        let outcome: RoutingState.Outcome =
            error is NotCaughtUp ? .stalled : verdict == .elsewhere ? .failed : .other
        state.withLock { $0.routing.finishedRead(server, outcome, at: now) }
        guard error is NotCaughtUp || verdict != .final else { throw error }
        state.withLock { state in
            state.count(server, error is NotCaughtUp ? \.gtidTimeoutsTotal : \.failedReadsTotal)
        }
        (error is NotCaughtUp ? metrics[server].gtidTimeouts : metrics[server].failedReads).increment()
        hold.failed(error, since: .now)
        guard !hold.isOver else { throw exhausted(hold, .read) }
    }
}

/// The server had not executed in time what a read must see.
struct NotCaughtUp: Error, CustomStringConvertible {
    let server: String
    let limit: Duration
    var description: String { "\(server) had not executed within \(limit) what the read must see" }
}

extension MySQLCluster {
    /// Waits until the server has executed what is awaited.
    fileprivate func await(
        _ position: GTIDPosition, on connection: MySQLConnection, _ server: String
    ) async throws {
        let start = ContinuousClock.now
        let limit = configuration.gtidWaitLimit
        let rows = try await connection.query(
            "SELECT WAIT_FOR_EXECUTED_GTID_SET(\(position.description), \(limit / .seconds(1)))")
        state.withLock { $0.count(server, \.gtidWaitsTotal) }
        metrics[server].gtidWaits.record(ContinuousClock.now - start)
        guard rows.first.map({ $0[0] }) == .int(0) else { throw NotCaughtUp(server: server, limit: limit) }
    }
}

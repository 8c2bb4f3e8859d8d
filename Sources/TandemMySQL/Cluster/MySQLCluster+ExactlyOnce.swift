import Logging
import MySQLConnector
import Synchronization

extension MySQLCluster {
    /// The record is the first statement of every attempt, under one id. So no two attempts can both commit: while an
    /// earlier one may still do so, it holds the row's lock, and once it has, the row is a duplicate.
    func writeExactlyOnce<Value: Sendable>(
        isolation: isolated (any Actor)?, deadlockRetries: Int, _ body: (MySQLConnection) async throws -> Value
    ) async throws -> MySQLCommitted<Value> {
        state.withLock { $0.keepsCommitRecords = true }
        let record = CommitRecord(table: CommitTable(name: configuration.commitTable))
        // The latest attempt whose COMMIT was not answered.
        var uncertain: (error: any Error, value: Value)?
        var hold = Hold(limit: configuration.writeHoldLimit)
        var deadlocks = 0
        while true {
            let start = ContinuousClock.now
            let rings = bell.rings
            guard let (pool, epoch) = writeRoute() else {
                try await self.hold(&hold, rings: rings, uncertain: uncertain?.error)
                continue
            }
            switch await attemptOnce(isolation: isolation, record, on: pool.client, uncertain?.value, body) {
            case .committed(let value, let gtid):
                recordHold(hold, .write)
                return committed(value, gtid: gtid, on: pool.server, epoch: epoch)
            case .unknown(let error, let value):
                // Without a value: it is the old uncertainty that remains.
                if let value { uncertain = (error, value) }
                hold.failed(error, since: .now)
                try await self.hold(&hold, rings: rings, uncertain: uncertain?.error)
            case .notDone(let error):
                hold.failed(error, since: Verdict(error) == .notSent ? start : .now)
                try await self.hold(&hold, rings: rings, uncertain: uncertain?.error)
            case .failed(let error):
                try await pauseForDeadlock(error, &deadlocks, limit: deadlockRetries)
            }
        }
    }

    /// Looks what became of an earlier attempt, if there was one; makes the next one only if nothing did.
    /// - Parameter earlier: what the earlier attempt's closure returned.
    private func attemptOnce<Value: Sendable>(
        isolation: isolated (any Actor)?, _ record: CommitRecord, on pool: MySQLClient, _ earlier: Value?,
        _ body: (MySQLConnection) async throws -> Value
    ) async -> WriteAttempt<Value> {
        if let earlier {
            do {
                let found = try await pool.withConnection(isolation: isolation) { try await record.find(on: $0) }
                if let found { return .committed(earlier, gtid: found) }
            } catch {
                // Whatever keeps us from looking, we do not know yet.
                return .unknown(error, nil)
            }
        }
        var isRecording = false
        let attempt = await attempt(
            isolation: isolation, on: pool,
            prepare: { connection in
                isRecording = true
                _ = try await connection.query(record.insertion)
                isRecording = false
            }, body)
        guard isRecording, case .failed(let error as MySQLError) = attempt else { return attempt }
        switch error.serverErrorNumber {
        // It is there after all: on a server that has more than the one that was asked.
        case CommitTable.duplicateKey: return .unknown(error, nil)
        case CommitTable.noSuchTable:
            do {
                try await pool.withConnection(isolation: isolation) {
                    _ = try await $0.execute(record.table.definition)
                }
                return .notDone(error)
            } catch {
                return WriteAttempt(Verdict.unmasked(error), at: .open)
            }
        default: return attempt
        }
    }

    private func hold(_ hold: inout Hold, rings: Int, uncertain: (any Error)?) async throws {
        do {
            try await self.hold(&hold, .write, rings: rings)
        } catch {
            throw uncertain.map(outcomeUnknown) ?? error
        }
    }

    /// Deletes old records from time to time, in small steps, if this process writes any.
    func sweepCommitRecords() async {
        let interval = configuration.commitSweepInterval
        while (try? await Task.sleep(for: interval * Double.random(in: 0.75...1.25))) != nil {
            guard state.withLock({ $0.keepsCommitRecords }) else { continue }
            do {
                var swept = CommitTable.sweepRows
                while swept == CommitTable.sweepRows {
                    let query = CommitTable(name: configuration.commitTable).sweep(
                        olderThan: configuration.commitRetention)
                    swept = try await write(query).value.affectedRows
                }
            } catch {
                // The next round finds them.
                logger.debug("Old commit records could not be deleted", metadata: ["error": "\(error)"])
            }
        }
    }
}

extension MySQLConnection {
    /// The rows of a prepared statement, as they come: however many there are, only a few are in memory at a time.
    ///
    /// The statement runs when the rows are first asked for, once for each loop over them. Until the loop ends, the
    /// connection can run nothing else: that is the error ``MySQLError/Code/connectionBusy``. A loop that is left early
    /// ends the statement at the server.
    public nonisolated func stream(_ query: MySQLQuery, file: String = #fileID, line: Int = #line) -> MySQLRowSequence {
        MySQLRowSequence(source: .connection(self), query: query, file: file, line: line)
    }

    /// What a batch may hold. It bounds what a stream keeps in memory, and the first is small, so that the first row
    /// comes soon.
    private static let batchLimit = RowBatch.Limit(rows: 4096, bytes: 512 << 10)

    /// Throwing away this much is cheaper than telling the server to stop.
    private static let drainedBytes = 1 << 20
    private static let drainPatience = Duration.milliseconds(20)
    /// After KILL QUERY, what was under way already comes still: some socket buffers full.
    private static let killedDrainBytes = 64 << 20
    private static let killedDrainPatience = Duration.seconds(2)

    /// Runs the statement and fetches the first rows.
    ///
    /// - Returns: no stream when the rows are all there, or the statement has none.
    func openStream(_ query: MySQLQuery, file: String, line: Int) async throws -> (OpenStream?, [MySQLColumn], RowBatch)
    {
        let (columns, batch) = try await perform(query.sql, file: file, line: line) { wire throws(MySQLError) in
            let columns = try wire.open(query)
            return (columns, columns.isEmpty ? RowBatch(isLast: true) : try wire.fetch(Self.batchLimit))
        }
        guard !batch.isLast else { return (nil, columns, batch) }
        let stream = OpenStream(statement: query.sql, columns: columns, file: file, line: line)
        reading = stream
        noteSession()
        return (stream, columns, batch)
    }

    func fetch(_ stream: OpenStream) async throws -> RowBatch {
        guard reading === stream else {
            throw MySQLError(
                code: .connectionClosed, message: "the rows are no longer there: their connection went back to its pool"
            )
            .at(statement: stream.statement, file: stream.file, line: stream.line)
        }
        do {
            let batch = try await perform(
                stream.statement, file: stream.file, line: stream.line, reading: stream
            ) { wire throws(MySQLError) in try wire.fetch(Self.batchLimit) }
            if batch.isLast {
                reading = nil
                noteSession()
            }
            return batch
        } catch {
            await endStream(stream)
            throw error
        }
    }

    /// Makes the connection ready for its next statement, though not all rows were read. Works for cancelled tasks.
    func endStream(_ stream: OpenStream) async {
        stream.abandon()
        guard reading === stream else { return }
        await keepHouse { await $0.drain() }
    }

    private func drain() async {
        defer { noteSession() }
        guard let wire, reading != nil else { return }
        do {
            if try wire.skip(maximumBytes: Self.drainedBytes, patience: Self.drainPatience) {
                reading = nil
                return
            }
            guard await canceller.killQuery(),
                try wire.skip(maximumBytes: Self.killedDrainBytes, patience: Self.killedDrainPatience)
            else { return close() }
        } catch {
            // That the statement was interrupted is what was asked for.
            if error.endsSession, error.serverErrorNumber != MySQLError.queryInterrupted { return close() }
        }
        reading = nil
        clearKill()
    }
}

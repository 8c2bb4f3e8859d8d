/// The rows of a statement, as they come from the server. See ``MySQLClient/stream(_:file:line:)``.
///
/// Each loop over it runs the statement anew. Cancelling the task that loops ends the statement, and the loop with
/// `CancellationError`.
public struct MySQLRowSequence: AsyncSequence, Sendable {
    public typealias Element = MySQLRow

    enum Source {
        case client(MySQLClient)
        case connection(MySQLConnection)
    }

    let source: Source
    let query: MySQLQuery
    let file: String
    let line: Int

    public func makeAsyncIterator() -> AsyncIterator { AsyncIterator(reader: RowReader(self)) }

    public struct AsyncIterator: AsyncIteratorProtocol {
        @usableFromInline let reader: RowReader
        /// The batch at hand, row after row, and where its next row begins.
        @usableFromInline var columns: [MySQLColumn] = []
        @usableFromInline var values: [MySQLValue] = []
        @usableFromInline var position = 0

        init(reader: RowReader) { self.reader = reader }

        @inlinable public mutating func next() async throws -> MySQLRow? { try await next(isolation: nil) }

        // Inlinable: as a call of its own it would take longer than what it does for most rows, which is to go on in
        // the batch.
        @inlinable public mutating func next(isolation: isolated (any Actor)?) async throws -> MySQLRow? {
            if position == values.count {
                guard try await readOn(isolation) else { return nil }
            }
            let start = position
            position += columns.count
            return MySQLRow(columns: columns, values: values[start..<position])
        }

        /// - Returns: false at the end.
        @usableFromInline mutating func readOn(_ isolation: isolated (any Actor)?) async throws -> Bool {
            // Before the next batch is fetched: two at a time in memory are none of use.
            values = []
            position = 0
            values = try await reader.nextBatch(isolation)
            columns = reader.columns
            return !values.isEmpty
        }
    }
}

@available(*, unavailable)
extension MySQLRowSequence.AsyncIterator: Sendable {}

/// What an iterator knows. When it goes, it ends what it had begun.
@usableFromInline final class RowReader {
    private enum Phase {
        case fresh
        case reading(OpenStream, MySQLConnection, PoolLease?)
        case done
    }

    private let sequence: MySQLRowSequence
    private var phase = Phase.fresh
    private(set) var columns: [MySQLColumn] = []

    init(_ sequence: MySQLRowSequence) { self.sequence = sequence }

    deinit {
        guard case .reading(let stream, let connection, let lease) = phase else { return }
        // At once, so that the next statement on the connection may end it. It does not have to wait for that, though.
        stream.abandon()
        guard let lease, case .client(let client) = sequence.source else {
            Task { await connection.endStream(stream) }
            return
        }
        client.endInBackground(stream, lease)
    }

    /// - Returns: at least one row's values; none at the end.
    func nextBatch(_ isolation: isolated (any Actor)?) async throws -> [MySQLValue] {
        while let batch = try await fetch(isolation) {
            if !batch.values.isEmpty { return batch.values }
        }
        return []
    }

    private func fetch(_ isolation: isolated (any Actor)?) async throws -> RowBatch? {
        switch phase {
        case .done: return nil
        case .fresh:
            phase = .done
            return try await begin(isolation)
        case .reading(let stream, let connection, let lease):
            phase = .done
            do {
                let batch = try await connection.fetch(stream)
                if batch.isLast { release(lease) } else { phase = .reading(stream, connection, lease) }
                return batch
            } catch {
                release(lease)
                throw error
            }
        }
    }

    private func begin(_ isolation: isolated (any Actor)?) async throws -> RowBatch {
        let lease: PoolLease?
        let connection: MySQLConnection
        switch sequence.source {
        case .connection(let own): (lease, connection) = (nil, own)
        case .client(let client):
            let acquired = try await client.acquire()
            (lease, connection) = (acquired, acquired.connection)
        }
        do {
            let (stream, columns, batch) = try await connection.openStream(
                sequence.query, file: sequence.file, line: sequence.line)
            self.columns = columns
            if let stream { phase = .reading(stream, connection, lease) } else { release(lease) }
            return batch
        } catch {
            release(lease)
            throw error
        }
    }

    private func release(_ lease: PoolLease?) {
        if let lease, case .client(let client) = sequence.source { client.release(lease) }
    }
}

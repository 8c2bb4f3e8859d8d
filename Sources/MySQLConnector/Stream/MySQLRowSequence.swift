/// The rows of a statement, as they come from the server. See ``MySQLClient/stream(_:file:line:)``.
///
/// Each loop over it runs the statement anew. Cancelling the task that loops ends the statement, and the loop with `CancellationError`.
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
        fileprivate let reader: RowReader

        public mutating func next() async throws -> MySQLRow? { try await next(isolation: nil) }

        public mutating func next(isolation: isolated (any Actor)?) async throws -> MySQLRow? {
            if let row = reader.rowAtHand() { return row }
            return try await reader.nextBatch(isolation) ? reader.rowAtHand() : nil
        }
    }
}

@available(*, unavailable)
extension MySQLRowSequence.AsyncIterator: Sendable {}

/// What an iterator knows. When it goes, it ends what it had begun.
private final class RowReader {
    private enum Phase {
        case fresh
        case reading(OpenStream, MySQLConnection, PoolLease?)
        case done
    }

    private let sequence: MySQLRowSequence
    private var phase = Phase.fresh
    private var columns: [MySQLColumn] = []
    private var values: [MySQLValue] = []
    private var position = 0

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

    func rowAtHand() -> MySQLRow? {
        guard position < values.count else { return nil }
        defer { position += columns.count }
        return MySQLRow(columns: columns, values: values[position..<position + columns.count])
    }

    /// - Returns: false at the end.
    func nextBatch(_ isolation: isolated (any Actor)?) async throws -> Bool {
        repeat {
            guard let batch = try await fetch(isolation) else { return false }
            position = 0
            values = batch.values
        } while values.isEmpty
        return true
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

/// A prepared statement's result while its rows are fetched in pieces. Of several results, it has the first that has
/// columns.
struct RowCursor {
    let sql: String
    let columns: [MySQLColumn]
    private let statement: PreparedStatement

    /// - Parameter statement: it was started just now.
    /// - Returns: `nil` when no result has columns; the statement is finished then.
    init?(over statement: PreparedStatement, of sql: String) throws(MySQLError) {
        var columns = try statement.beginRows()
        while columns == nil, try statement.nextResult() { columns = try statement.beginRows() }
        guard let columns else {
            statement.finish()
            return nil
        }
        self.sql = sql
        self.columns = columns
        self.statement = statement
    }

    /// - Parameter hasInput: whether a fetch would find something to read at once. A batch that has rows goes without
    ///   waiting for more.
    func fetch(_ limit: RowBatch.Limit, hasInput: () -> Bool) throws(MySQLError) -> RowBatch {
        var batch = RowBatch()
        batch.values.reserveCapacity(min(limit.rows, 64) * columns.count)
        var bytes = 0
        repeat {
            guard try statement.fetchRow(into: &batch.values, bytes: &bytes) else {
                try finish()
                batch.isLast = true
                return batch
            }
            batch.rowCount += 1
        } while batch.rowCount < limit.rows && bytes < limit.bytes && hasInput()
        return batch
    }

    /// - Returns: whether the end was reached.
    func skip(maximumBytes: Int, hasInput: () -> Bool) throws(MySQLError) -> Bool {
        var bytes = 0
        while bytes < maximumBytes, hasInput() {
            guard let size = try statement.skipRow() else {
                try finish()
                return true
            }
            bytes += size
        }
        return false
    }

    /// After an error.
    func abandon() { statement.finish() }

    /// After the last row. Further results of the same statement are read and dropped.
    private func finish() throws(MySQLError) {
        while try statement.nextResult() {
            guard try statement.beginRows() != nil else { continue }
            while try statement.skipRow() != nil {}
        }
        statement.finish()
    }
}

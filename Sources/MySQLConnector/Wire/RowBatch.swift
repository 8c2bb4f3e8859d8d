/// Rows that go from the connection's thread to their reader together.
struct RowBatch: Sendable {
    /// A batch ends with the row that reaches one of these.
    struct Limit: Sendable {
        var rows: Int
        var bytes: Int
    }

    /// Row after row.
    var values: [MySQLValue] = []
    var rowCount = 0
    var isLast = false
}

/// What one statement gave: a collection of its rows, all in memory.
public struct MySQLResult: Sendable {
    /// Empty for statements that return no rows.
    public let columns: [MySQLColumn]
    /// Rows changed, inserted or deleted; 0 for a SELECT.
    public let affectedRows: Int
    /// The first AUTO_INCREMENT value that the statement made; `nil` when it made none.
    public let lastInsertID: UInt64?
    /// The number of warnings; `SHOW WARNINGS` has their texts.
    public let warnings: Int
    /// The GTID of the transaction that this statement committed, when the server reports it: see
    /// ``MySQLConfiguration/tracksGTIDs``.
    public let gtid: String?
    /// What a result takes in memory even when it is empty, about; for the bound on results.
    static let overheadBytes = 128

    /// What it takes in memory, about.
    var payloadBytes: Int {
        values.reduce(Self.overheadBytes + values.count * MemoryLayout<MySQLValue>.stride) { $0 + $1.payloadBytes }
    }

    /// Row after row.
    let values: [MySQLValue]

    init(
        columns: [MySQLColumn] = [], values: [MySQLValue] = [], affectedRows: Int = 0, lastInsertID: UInt64? = nil,
        warnings: Int = 0, gtid: String? = nil
    ) {
        self.columns = columns
        self.values = values
        self.affectedRows = affectedRows
        self.lastInsertID = lastInsertID
        self.warnings = warnings
        self.gtid = gtid
    }
}

extension MySQLResult: RandomAccessCollection {
    public var startIndex: Int { 0 }
    public var endIndex: Int { columns.isEmpty ? 0 : values.count / columns.count }

    public subscript(position: Int) -> MySQLRow {
        precondition(indices.contains(position), "row \(position) of \(count)")
        let start = position * columns.count
        return MySQLRow(columns: columns, values: values[start..<start + columns.count])
    }
}

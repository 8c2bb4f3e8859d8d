/// One row of a ``MySQLResult``.
public struct MySQLRow: Sendable {
    public let columns: [MySQLColumn]
    public let values: ArraySlice<MySQLValue>

    @inlinable init(columns: [MySQLColumn], values: ArraySlice<MySQLValue>) {
        self.columns = columns
        self.values = values
    }

    /// The value of the first column of that name, as the statement spells it; `nil` when there is no such column.
    public subscript(name: String) -> MySQLValue? {
        columns.firstIndex { $0.name == name }.map { self[$0] }
    }

    /// The value of a column, counted from 0.
    public subscript(index: Int) -> MySQLValue { values[values.startIndex + index] }

    /// Turns all columns, in order, into a tuple.
    /// ```swift
    /// let (id, title) = try row.decode((Int, String?).self)
    /// ```
    /// - Throws: ``MySQLError`` with ``MySQLError/Code/decodingFailed``, naming the column and both types.
    public func decode<each T: MySQLDecodable>(
        _ types: (repeat each T).Type, file: String = #fileID, line: Int = #line
    ) throws -> (repeat each T) {
        var wanted = 0
        for _ in repeat (each T).self { wanted += 1 }
        guard wanted == columns.count else {
            throw MySQLError(
                code: .decodingFailed,
                message: "the row has \(columns.count) columns, but \(wanted) types were asked for"
            ).at(statement: nil, file: file, line: line)
        }
        var index = 0
        return (repeat try next((each T).self, &index, file: file, line: line))
    }

    /// Turns one column into a value.
    public func decode<T: MySQLDecodable>(
        _ column: String, as type: T.Type = T.self, file: String = #fileID, line: Int = #line
    ) throws -> T {
        guard let index = columns.firstIndex(where: { $0.name == column }) else {
            throw noColumn(column).at(statement: nil, file: file, line: line)
        }
        return try decode(at: index, as: type, file: file, line: line)
    }

    func noColumn(_ name: String) -> MySQLError {
        let names = columns.map(\.name).joined(separator: ", ")
        return MySQLError(code: .decodingFailed, message: "there is no column “\(name)”; there are: \(names)")
    }

    private func next<T: MySQLDecodable>(_ type: T.Type, _ index: inout Int, file: String, line: Int) throws -> T {
        defer { index += 1 }
        return try decode(at: index, as: type, file: file, line: line)
    }

    private func decode<T: MySQLDecodable>(at index: Int, as type: T.Type, file: String, line: Int) throws -> T {
        do throws(MySQLNoExactMeaning) {
            return try T(exactly: self[index])
        } catch {
            throw columns[index].mismatch(self[index], "\(T.self)").at(statement: nil, file: file, line: line)
        }
    }
}

extension MySQLRowSequence {
    /// Turns each row's columns, in order, into a tuple.
    /// ```swift
    /// for try await (id, title) in client.stream("SELECT id, title FROM article").decode((Int, String).self) { … }
    /// ```
    /// The loop ends with a ``MySQLError`` with ``MySQLError/Code/decodingFailed`` at the first row that does not fit.
    public func decode<each T: MySQLDecodable & SendableMetatype>(
        _ types: (repeat each T).Type, file: String = #fileID, line: Int = #line
    ) -> AsyncThrowingMapSequence<MySQLRowSequence, (repeat each T)> {
        map { try $0.decode((repeat each T).self, file: file, line: line) }
    }

    /// Turns each row into a value of a `Decodable` type; see ``MySQLRow/decode(_:file:line:)``.
    @_disfavoredOverload
    public func decode<Value: Decodable & SendableMetatype>(
        _ type: Value.Type = Value.self, file: String = #fileID, line: Int = #line
    ) -> AsyncThrowingMapSequence<MySQLRowSequence, Value> {
        map { try $0.decode(Value.self, file: file, line: line) }
    }
}

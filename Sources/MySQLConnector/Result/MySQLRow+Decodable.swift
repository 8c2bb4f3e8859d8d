#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

extension MySQLRow {
    /// Turns the row into a value of a `Decodable` type, each property from the column of its name. A property
    /// `createdAt` is read from a column `createdAt` or, when there is none, `created_at`. Columns without a property
    /// are passed over; a JSON column may fill a property that is itself a structure or an array.
    /// ```swift
    /// struct Article: Decodable { var id: Int; var title: String; var publishedAt: Date? }
    /// let article = try row.decode(Article.self)
    /// ```
    /// - Throws: ``MySQLError`` with ``MySQLError/Code/decodingFailed``, naming the column and both types; or what the
    ///   type's own `init(from:)` throws.
    @_disfavoredOverload
    public func decode<Value: Decodable>(
        _ type: Value.Type = Value.self, file: String = #fileID, line: Int = #line
    ) throws -> Value {
        do {
            return try Value(from: RowDecoder(row: self))
        } catch let error as MySQLError {
            throw error.at(statement: nil, file: file, line: line)
        }
    }
}

/// Reads a row by its columns' names.
private struct RowDecoder: Decoder {
    let row: MySQLRow
    var codingPath: [any CodingKey] { [] }
    var userInfo: [CodingUserInfoKey: Any] { [:] }

    func container<Key: CodingKey>(keyedBy type: Key.Type) throws -> KeyedDecodingContainer<Key> {
        KeyedDecodingContainer(RowContainer(row: row))
    }

    func unkeyedContainer() throws -> any UnkeyedDecodingContainer { throw Self.notAStructure }

    func singleValueContainer() throws -> any SingleValueDecodingContainer {
        guard row.columns.count == 1, let column = row.columns.first else { throw Self.notAStructure }
        return ColumnDecoder(column: column, value: row[0])
    }

    private static let notAStructure = MySQLError(
        code: .decodingFailed, message: "a row can be decoded into a type with a property for each column only")
}

private struct RowContainer<Key: CodingKey>: KeyedDecodingContainerProtocol {
    let row: MySQLRow
    var codingPath: [any CodingKey] { [] }
    var allKeys: [Key] { row.columns.compactMap { Key(stringValue: $0.name) } }

    func contains(_ key: Key) -> Bool { row.index(ofKey: key.stringValue) != nil }

    func decodeNil(forKey key: Key) throws -> Bool { try decoder(key).decodeNil() }

    func decode<Value: Decodable>(_ type: Value.Type, forKey key: Key) throws -> Value { try decoder(key).decode(type) }

    func nestedContainer<Nested: CodingKey>(
        keyedBy type: Nested.Type, forKey key: Key
    ) throws -> KeyedDecodingContainer<Nested> { try decoder(key).container(keyedBy: type) }

    func nestedUnkeyedContainer(forKey key: Key) throws -> any UnkeyedDecodingContainer {
        try decoder(key).unkeyedContainer()
    }

    func superDecoder() throws -> any Decoder { RowDecoder(row: row) }

    func superDecoder(forKey key: Key) throws -> any Decoder { try decoder(key) }

    private func decoder(_ key: Key) throws -> ColumnDecoder {
        guard let index = row.index(ofKey: key.stringValue) else { throw row.noColumn(key.stringValue) }
        return ColumnDecoder(column: row.columns[index], value: row[index])
    }
}

/// Reads one column's value.
private struct ColumnDecoder: Decoder, SingleValueDecodingContainer {
    let column: MySQLColumn
    let value: MySQLValue
    var codingPath: [any CodingKey] { [] }
    var userInfo: [CodingUserInfoKey: Any] { [:] }

    func singleValueContainer() throws -> any SingleValueDecodingContainer { self }

    func container<Key: CodingKey>(keyedBy type: Key.Type) throws -> KeyedDecodingContainer<Key> {
        throw column.mismatch(value, "a structure")
    }

    func unkeyedContainer() throws -> any UnkeyedDecodingContainer { throw column.mismatch(value, "an array") }

    func decodeNil() -> Bool { value.isNull }

    func decode<Value: Decodable>(_ type: Value.Type) throws -> Value {
        if let known = type as? any MySQLDecodable.Type {
            guard let decoded = known.init(mysqlValue: value) as? Value else { throw column.mismatch(value, "\(type)") }
            return decoded
        }
        if column.type.isJSON, case .text(let json) = value {
            do {
                return try JSONDecoder().decode(type, from: Data(json.utf8))
            } catch {
                throw MySQLError(
                    code: .decodingFailed,
                    message: "the JSON in column “\(column.name)” cannot be read as \(type): \(Self.reason(error))")
            }
        }
        return try Value(from: self)
    }

    /// Without the values that a `DecodingError` may quote.
    private static func reason(_ error: any Error) -> String {
        func path(_ context: DecodingError.Context) -> String {
            context.codingPath.isEmpty ? "" : " at " + context.codingPath.map(\.stringValue).joined(separator: ".")
        }
        return switch error {
        case DecodingError.keyNotFound(let key, let context): "“\(key.stringValue)” is missing\(path(context))"
        case DecodingError.typeMismatch(let type, let context): "there is no \(type)\(path(context))"
        case DecodingError.valueNotFound(let type, let context): "null instead of \(type)\(path(context))"
        case DecodingError.dataCorrupted(let context): "it is not valid\(path(context))"
        default: "\(Swift.type(of: error))"
        }
    }
}

extension MySQLRow {
    /// The column of a property's name, or of that name written with underscores.
    fileprivate func index(ofKey key: String) -> Int? {
        columns.firstIndex { $0.name == key } ?? columns.firstIndex { Self.isSnakeCase($0.name, of: key) }
    }

    /// `created_at` of `createdAt`: compared without building a string, for this happens for each property of each row.
    private static func isSnakeCase(_ name: String, of key: String) -> Bool {
        var rest = name.utf8[...]
        for byte in key.utf8 {
            if (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) {
                guard rest.popFirst() == UInt8(ascii: "_"), rest.popFirst() == byte | 0x20 else { return false }
            } else {
                guard rest.popFirst() == byte else { return false }
            }
        }
        return rest.isEmpty
    }
}

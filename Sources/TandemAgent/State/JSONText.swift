public import Foundation

/// JSON as people and programs read it: sorted keys, slashes as they are.
public enum JSONText {
    public static func encode(
        _ value: some Encodable, isPretty: Bool = true, keys: JSONEncoder.KeyEncodingStrategy = .useDefaultKeys
    ) throws -> String {
        let encoder = JSONEncoder()
        encoder.keyEncodingStrategy = keys
        encoder.dateEncodingStrategy = .iso8601
        encoder.outputFormatting =
            isPretty
            ? [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes] : [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(value), as: UTF8.self) + "\n"
    }

    static func decode<T: Decodable>(_ type: T.Type, from bytes: some Sequence<UInt8>) throws -> T {
        try JSONDecoder().decode(type, from: Data(bytes))
    }

    public static func decode<T: Decodable>(_ type: T.Type, fromFile path: String) throws -> T {
        guard let data = FileManager.default.contents(atPath: path) else { throw StateError.file("read", path) }
        do {
            return try JSONDecoder().decode(type, from: data)
        } catch {
            throw StateError("cannot read \(path): it is not what Tandem wrote (\(error))")
        }
    }
}

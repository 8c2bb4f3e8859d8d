import Foundation

/// JSON as etcd's gateway takes it: bytes are base64, and numbers of 64 bits are strings, since many JSON libraries
/// round them.
indirect enum WireValue: Hashable, Encodable {
    case text(String)
    case flag(Bool)
    case list([WireValue])
    case object([String: WireValue])

    static func bytes(_ bytes: [UInt8]) -> WireValue { .text(Data(bytes).base64EncodedString()) }
    static func number(_ number: some BinaryInteger) -> WireValue { .text(String(number)) }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .text(let text): try container.encode(text)
        case .flag(let flag): try container.encode(flag)
        case .list(let list): try container.encode(list)
        case .object(let object): try container.encode(object)
        }
    }

    /// The same value gives the same bytes.
    func json() throws -> Data {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return try encoder.encode(self)
    }
}

/// A field's name, whatever it is.
struct WireKey: CodingKey, ExpressibleByStringLiteral {
    let stringValue: String
    var intValue: Int? { nil }

    init(stringLiteral text: String) { stringValue = text }
    init?(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
}

/// The gateway leaves out fields that are zero, empty or false. So each answer is first seen to have what it always
/// has.
extension KeyedDecodingContainer<WireKey> {
    func integer<Number: FixedWidthInteger & Decodable>(_ key: WireKey) throws -> Number {
        guard contains(key), try !decodeNil(forKey: key) else { return 0 }
        if let number = try? decode(Number.self, forKey: key) { return number }
        let text = try decode(String.self, forKey: key)
        guard let number = Number(text) else {
            throw DecodingError.dataCorruptedError(
                forKey: key, in: self, debugDescription: "'\(text.prefix(40))' is no number of the kind wanted")
        }
        return number
    }

    func bytes(_ key: WireKey) throws -> [UInt8] {
        guard let text = try decodeIfPresent(String.self, forKey: key) else { return [] }
        guard let data = Data(base64Encoded: text) else {
            throw DecodingError.dataCorruptedError(forKey: key, in: self, debugDescription: "it is not base64")
        }
        return Array(data)
    }

    func flag(_ key: WireKey) throws -> Bool { try decodeIfPresent(Bool.self, forKey: key) ?? false }
    func text(_ key: WireKey) throws -> String { try decodeIfPresent(String.self, forKey: key) ?? "" }

    func list<Element: Decodable>(_ key: WireKey) throws -> [Element] {
        try decodeIfPresent([Element].self, forKey: key) ?? []
    }
}

extension Decoder {
    func fields() throws -> KeyedDecodingContainer<WireKey> { try container(keyedBy: WireKey.self) }
}

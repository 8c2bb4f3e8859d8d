/// A number that etcd raises with every transaction that writes, over all keys. The first is 1; 0 stands for none.
public typealias Revision = Int64

/// A key. Bytes to etcd, text such as `/tandem/shop/state` to us.
public struct StoreKey: Hashable, Sendable, ExpressibleByStringLiteral, CustomStringConvertible {
    public let bytes: [UInt8]

    public init(_ text: String) { bytes = Array(text.utf8) }
    public init(bytes: [UInt8]) { self.bytes = bytes }
    public init(stringLiteral text: String) { self.init(text) }

    public var description: String { String(decoding: bytes, as: UTF8.self) }
}

/// One key, or all keys that begin in the same way.
public struct KeyRange: Hashable, Sendable, CustomStringConvertible {
    let first: [UInt8]
    /// The first that does not belong to it; nil for one key alone. A single zero byte is etcd's word for "to the end".
    let end: [UInt8]?

    public static func key(_ key: StoreKey) -> KeyRange { KeyRange(first: key.bytes, end: nil) }

    public static func prefix(_ prefix: StoreKey) -> KeyRange {
        guard !prefix.bytes.isEmpty else { return KeyRange(first: [0], end: [0]) }
        var end = prefix.bytes
        while let last = end.last {
            if last < 0xff {
                end[end.count - 1] = last + 1
                return KeyRange(first: prefix.bytes, end: end)
            }
            end.removeLast()
        }
        return KeyRange(first: prefix.bytes, end: [0])
    }

    public var description: String {
        StoreKey(bytes: first).description + (end == nil ? "" : "…")
    }
}

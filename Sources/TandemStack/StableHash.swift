/// FNV-1a: the same on every machine, in every process and version, unlike Swift's own hashes.
///
/// Source: the IETF draft "The FNV Non-Cryptographic Hash Algorithm".
package enum StableHash {
    package static func bits32(_ text: String) -> UInt32 {
        text.utf8.reduce(0x811c_9dc5) { ($0 ^ UInt32($1)) &* 0x0100_0193 }
    }

    package static func bits64(_ text: String) -> UInt64 {
        text.utf8.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
    }

    /// 8 hexadecimal digits.
    package static func hex32(_ text: String) -> String { digits(bits32(text), count: 8) }

    /// 16 hexadecimal digits.
    package static func hex64(_ text: String) -> String { digits(bits64(text), count: 16) }

    private static func digits(_ number: some FixedWidthInteger, count: Int) -> String {
        let hex = String(number, radix: 16)
        return String(repeating: "0", count: count - hex.count) + hex
    }
}

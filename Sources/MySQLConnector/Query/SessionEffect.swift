/// Whether a statement may leave something behind in its session: a variable, a lock, a temporary table, another
/// schema.
///
/// A pool resets only sessions that may have changed: COM_RESET_CONNECTION costs a round trip and throws away every
/// prepared statement. The judgement errs on the side of resetting. Open transactions are not its business: the server
/// reports those.
enum SessionEffect: Sendable, Equatable {
    case none
    case possible

    private static let harmlessVerbs: Set<String> = [
        "select", "insert", "update", "delete", "replace", "with", "table", "values", "show", "explain", "describe",
        "desc",
        "begin", "start", "commit", "rollback", "savepoint", "release", "create", "alter", "drop", "truncate",
    ]

    /// GET_LOCK and LOCK TABLES; `SELECT … INTO @v` and `@v := …`; CREATE TEMPORARY TABLE.
    private static let suspiciousWords = ["lock", "into @", ":=", "temporary"].map { Array($0.utf8) }

    init(of sql: String) {
        var sql = sql
        self = sql.withUTF8 { Self.judge($0) }
    }

    private static func judge(_ text: UnsafeBufferPointer<UInt8>) -> SessionEffect {
        let start = text.firstIndex { !isSpace($0) && $0 != UInt8(ascii: "(") } ?? text.endIndex
        let end = text[start...].firstIndex { !isLetter($0) } ?? text.endIndex
        let verb = String(decoding: text[start..<end].lazy.map(lowercased), as: UTF8.self)
        guard harmlessVerbs.contains(verb) else { return .possible }
        return suspiciousWords.contains { contains($0, in: text) } ? .possible : .none
    }

    /// A statement that may be run twice, for it changes nothing.
    static func isPlainRead(_ sql: String) -> Bool {
        let verb = sql.drop { $0.isWhitespace || $0 == "(" }.prefix { $0.isLetter }.lowercased()
        return ["select", "table", "show"].contains(verb) && SessionEffect(of: sql) == .none
    }

    private static func contains(_ word: [UInt8], in text: UnsafeBufferPointer<UInt8>) -> Bool {
        guard text.count >= word.count else { return false }
        for start in 0...(text.count - word.count) where lowercased(text[start]) == word[0] {
            if (1..<word.count).allSatisfy({ lowercased(text[start + $0]) == word[$0] }) { return true }
        }
        return false
    }

    private static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0D).contains(byte) }

    private static func isLetter(_ byte: UInt8) -> Bool { (0x61...0x7A).contains(byte | 0x20) }

    /// White space of any kind becomes a space, so that `INTO\n@v` is found.
    private static func lowercased(_ byte: UInt8) -> UInt8 {
        if (0x41...0x5A).contains(byte) { return byte | 0x20 }
        return isSpace(byte) ? 0x20 : byte
    }
}

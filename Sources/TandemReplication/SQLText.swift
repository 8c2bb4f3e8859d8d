/// Text that is pasted into statements which MySQL cannot prepare (CREATE USER, CHANGE REPLICATION SOURCE, …).
///
/// Works on unicode scalars, as MySQL's parser does. For Swift a quote with a combining accent is one character of its
/// own, which a search for the quote would miss.
enum SQLText {
    /// A string literal in single quotes.
    static func literal(_ text: String) -> String {
        "'\(escaped(text) { $0 == "\\" || $0 == "'" ? $0 : nil })'"
    }

    /// An identifier in backquotes.
    static func identifier(_ name: String) -> String {
        "`\(escaped(name) { $0 == "`" ? $0 : nil })`"
    }

    /// A database's name where MySQL reads `_` and `%` as wildcards (GRANT … ON db.*).
    static func pattern(_ name: String) -> String {
        identifier(escaped(name) { $0 == "_" || $0 == "%" || $0 == "\\" ? "\\" : nil })
    }

    /// - Parameter mark: what to put before a scalar.
    private static func escaped(_ text: String, mark: (Unicode.Scalar) -> Unicode.Scalar?) -> String {
        var result = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            if let mark = mark(scalar) { result.append(mark) }
            result.append(scalar)
        }
        return String(result)
    }
}

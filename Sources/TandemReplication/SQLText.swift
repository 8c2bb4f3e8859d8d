/// Text that is pasted into statements which MySQL cannot prepare (CREATE USER, CHANGE REPLICATION SOURCE, …).
enum SQLText {
    /// A string literal in single quotes.
    static func literal(_ text: String) -> String {
        let escaped = text.replacing("\\", with: "\\\\").replacing("'", with: "''")
        return "'\(escaped)'"
    }

    /// An identifier in backquotes.
    static func identifier(_ name: String) -> String {
        "`\(name.replacing("`", with: "``"))`"
    }

    /// A database's name where MySQL reads `_` and `%` as wildcards (GRANT … ON db.*).
    static func pattern(_ name: String) -> String {
        identifier(name.replacing("_", with: "\\_").replacing("%", with: "\\%"))
    }
}

extension MySQLError: CustomStringConvertible, CustomDebugStringConvertible {
    public var description: String { text(message: messageMayQuoteData ? Self.withoutQuotes(message) : message) }

    public var debugDescription: String { text(message: message) }

    /// Statements longer than this are cut in descriptions.
    private static let statementLimitCharacters = 500

    private func text(message: String) -> String {
        var text = "MySQL error (\(code)"
        if let serverErrorNumber { text += " \(serverErrorNumber)" }
        if let sqlState { text += ", SQLSTATE \(sqlState)" }
        text += "): \(message)"
        if let statement {
            let short = statement.prefix(Self.statementLimitCharacters)
            text += " [statement: \(short)\(short.endIndex < statement.endIndex ? "…" : "")]"
        }
        if let file, let line { text += " [at \(file):\(line)]" }
        return text
    }

    /// Server errors whose messages quote names of schema objects, accounts and options only.
    private static let quotesNamesOnly: Set<Int> = [
        1005, 1007, 1008, 1040, 1044, 1045, 1046, 1049, 1050, 1051, 1052, 1053, 1054, 1060, 1061, 1072, 1091, 1109,
        1142, 1143, 1146, 1153, 1161,
        1205, 1213, 1226, 1227, 1290, 1305, 1317, 1364, 1396, 1406, 1451, 1452, 1792, 1836, 3024, 3032, 3100, 3159,
        4031,
    ]

    private var messageMayQuoteData: Bool {
        guard code == .server, let number = serverErrorNumber else { return false }
        return number < 2000 || number >= 3000 ? !Self.quotesNamesOnly.contains(number) : false
    }

    /// `Duplicate entry 'x' for key 'y'` becomes `Duplicate entry '…`: quoted data may itself hold quotes, so nothing
    /// after the first is safe.
    private static func withoutQuotes(_ message: String) -> String {
        guard let quote = message.firstIndex(where: { $0 == "'" || $0 == "\"" }) else { return message }
        return message[...quote] + "…"
    }
}

/// Finds the key of the stack file behind a generated file that its program refuses.
public enum RefusalOrigin {
    /// - Parameters:
    ///   - words: what the program said when it checked the file.
    ///   - file: the generated file.
    ///   - settings: names of the user's own settings for mysqld.
    /// - Returns: keys from the top level down; empty where it is not known.
    public static func path(
        service: ServiceName, words: String, file: FileBlueprint, settings: some Collection<String>
    ) -> [String] {
        if service == .mysql {
            let said = plain(words)
            let named = settings.filter { said.contains(plain($0)) }.max { $0.count < $1.count }
            return named.map { ["database", "settings", $0] } ?? (settings.isEmpty ? [] : ["database", "settings"])
        }
        guard let number = lineNumber(in: words, file: file.name) else { return [] }
        let lines = file.contents.split(separator: "\n", omittingEmptySubsequences: false)
        guard number <= lines.count else { return [] }
        // Each part of a generated file begins with a comment that names its section in brackets.
        return lines[..<number].reversed().lazy.compactMap(section).first ?? []
    }

    private static func plain(_ text: String) -> String { String(text.lowercased().map { $0 == "-" ? "_" : $0 }) }

    /// Programs say where as `FILE:LINE`.
    private static func lineNumber(in words: String, file: String) -> Int? {
        for part in words.split(separator: "\(file):").dropFirst() {
            if let number = Int(part.prefix { $0.isNumber }), number > 0 { return number }
        }
        return nil
    }

    /// `# [app.timeouts] request, and more` is `app`, `timeouts`, `request`.
    private static func section(_ line: Substring) -> [String]? {
        let text = line.drop { $0 == " " }
        guard text.hasPrefix("# ["), let end = text.firstIndex(of: "]") else { return nil }
        let section = text[text.index(text.startIndex, offsetBy: 3)..<end]
        let key = text[text.index(after: end)...].drop { $0 == " " }.prefix { $0.isLetter || $0 == "_" }
        guard !section.isEmpty, !section.contains(" ") else { return nil }
        return section.split(separator: ".").map(String.init) + (key.isEmpty ? [] : [String(key)])
    }
}

/// An article that somebody wants to publish, checked.
struct Draft: Sendable, Equatable {
    static let titleLimit = 255
    static let descriptionLimit = 1000
    static let bodyLimitBytes = 64 << 10
    static let tagCountLimit = 20
    static let tagLimit = 50

    var title: String
    var description: String
    var body: String
    var tags: [String]

    /// - Throws: ``ValidationFailure`` with all that is wrong.
    init(title: String?, description: String?, body: String?, tags: [String]?) throws(ValidationFailure) {
        var problems: [String: [String]] = [:]
        func text(_ value: String?, _ name: String, limit: String, fits: (String) -> Bool) -> String {
            let value = value ?? ""
            if value.allSatisfy(\.isWhitespace) {
                problems[name, default: []].append("can't be blank")
            } else if !fits(value) {
                problems[name, default: []].append("is too long (maximum is \(limit))")
            }
            return value
        }
        self.title = text(title.map(Self.trimmed), "title", limit: "\(Self.titleLimit) characters") {
            $0.unicodeScalars.count <= Self.titleLimit
        }
        self.description = text(
            description.map(Self.trimmed), "description", limit: "\(Self.descriptionLimit) characters"
        ) {
            $0.unicodeScalars.count <= Self.descriptionLimit
        }
        self.body = text(body, "body", limit: "\(Self.bodyLimitBytes >> 10) KB") {
            $0.utf8.count <= Self.bodyLimitBytes
        }
        self.tags = []
        for tag in (tags ?? []).map(Self.trimmed) where !tag.isEmpty && !self.tags.contains(tag) {
            self.tags.append(tag)
        }
        if self.tags.count > Self.tagCountLimit {
            problems["tagList", default: []].append("has too many tags (maximum is \(Self.tagCountLimit))")
        }
        if self.tags.contains(where: { $0.unicodeScalars.count > Self.tagLimit }) {
            problems["tagList", default: []].append(
                "has a tag that is too long (maximum is \(Self.tagLimit) characters)")
        }
        if self.tags.contains(where: { $0.contains(where: \.isNewline) }) {
            problems["tagList", default: []].append("has a tag with a line break")
        }
        guard problems.isEmpty else { throw ValidationFailure(problems: problems) }
    }

    private static func trimmed(_ text: String) -> String {
        let start = text.drop(while: \.isWhitespace)
        return String(start[..<(start.lastIndex { !$0.isWhitespace }.map(start.index(after:)) ?? start.startIndex)])
    }
}

/// What is wrong with an input, by field.
struct ValidationFailure: Error, Equatable {
    var problems: [String: [String]]
}

/// The reference of the stack file, written from its schema: plain text for a terminal, and itself a valid stack
/// file in which every key stands with its explanation above it.
public enum Reference {
    /// Columns that no line exceeds.
    public static let width = 100

    /// What `text(section:)` takes: the keys of the top level, in the order of the file.
    public static let sections = Schema.root.keys.map(\.name)

    /// A section was asked for that the file does not have.
    public struct UnknownSection: Error, CustomStringConvertible, Sendable, Equatable {
        public var name: String

        public var description: String {
            let hint = NearestWord.find(name, among: sections).map { "; did you mean '\($0)'?" } ?? ""
            return "the stack file has no section \(name.quoted)\(hint) (sections: \(sections.joined(separator: ", ")))"
        }
    }

    /// The reference of one section, or of the whole file.
    public static func text(section: String? = nil) throws(UnknownSection) -> String {
        if let section {
            guard let key = Schema.root.key(section) else { throw UnknownSection(name: section) }
            return render(key, indent: 0).joined(separator: "\n") + "\n"
        }
        let parts = [comment(introduction, indent: 0)] + Schema.root.keys.map { render($0, indent: 0) }
        return parts.map { $0.joined(separator: "\n") }.joined(separator: "\n\n") + "\n"
    }

    private static let introduction = """
        tandem.yaml: one file, the whole stack. Only 'stack' and 'app' with its 'run' are required; every other key \
        stands here with its default or an example. Sizes have units (kb, mb, gb), and so have times (s, m, h). \
        Unknown keys are errors. Paths are relative to the folder of the file.
        """

    /// The whole reference as a page of Markdown, a heading for each section.
    public static var page: String {
        let sections = Schema.root.keys.map { key in
            "## \(key.name)\n\n```yaml\n\(render(key, indent: 0).joined(separator: "\n"))\n```"
        }
        let links = Schema.root.keys.map { "[\($0.name)](#\($0.name))" }.joined(separator: " · ")
        return """
            # The stack file

            <!-- Written from the schema in Sources/TandemStack; a test holds it. -->

            \(introduction.replacing("'", with: "`"))

            `tandem docs` shows the same, `tandem docs SECTION` one section of it, and `tandem check` names every mistake in a file.

            \(links)

            \(sections.joined(separator: "\n\n"))

            """
    }

    // MARK: Rendering

    private static func render(_ key: Schema.Key, indent: Int) -> [String] {
        var lines = comment(key.explanation, indent: indent)
        let margin = String(repeating: " ", count: indent)
        switch key.kind {
        case .section(let section):
            lines.append("\(margin)\(key.name):")
            for (index, inner) in section.keys.enumerated() {
                if index > 0 { lines.append("") }
                lines += render(inner, indent: indent + 2)
            }
            return lines
        case .hosts(let section), .secrets(let section), .workers(let section), .jobs(let section):
            lines += section.keys.flatMap {
                comment("\($0.name): \($0.explanation) \(facts($0, isShown: false))", indent: indent, hanging: 4)
            }
        default: break
        }
        lines += comment(facts(key, isShown: true), indent: indent)
        let example = key.example ?? key.preset(onLoopback: false) ?? ""
        switch key.kind {
        case .hosts, .secrets, .workers, .jobs, .environment, .settings:
            lines.append("\(margin)\(key.name):")
            lines += example.split(separator: "\n").map { "\(margin)  \($0)" }
        default:
            lines.append("\(margin)\(key.isAlternative ? "# " : "")\(key.name): \(example)")
        }
        return lines
    }

    /// What it takes, and what it is when left out.
    ///
    /// - Parameter isShown: whether a line with the key follows, which then needs to be told from a default.
    private static func facts(_ key: Schema.Key, isShown: Bool) -> String {
        let expectation = key.kind.expectation
        let kind = expectation.prefix(1).uppercased() + expectation.dropFirst() + "."
        let example = isShown && key.example != nil ? " An example:" : ""
        return switch (key.kind, key.presence) {
        case (.hosts, _):
            "Default: \(Schema.defaultHostNames) on this machine, the first two of them balancers.\(example)"
        case (_, .required): "\(kind) Required.\(example)"
        case (_, .optional): "\(kind) Optional.\(example)"
        case (_, .preset(let text)): "\(kind) Default: \(text)"
        case (_, .presetByPlace(let loopback, let network)):
            "\(kind) Default: \(loopback) on a laptop, \(network) where hosts have addresses on the network."
        case (_, .derived(let text)): "\(kind) Default: \(text).\(example)"
        }
    }

    private static func comment(_ text: String, indent: Int, hanging: Int = 0) -> [String] {
        let margin = String(repeating: " ", count: indent) + "#"
        var lines: [String] = []
        var line = margin
        for word in text.split(separator: " ") {
            if line.count + 1 + word.count > width {
                lines.append(line)
                line = margin + String(repeating: " ", count: hanging)
            }
            line += " \(word)"
        }
        return lines + [line]
    }
}

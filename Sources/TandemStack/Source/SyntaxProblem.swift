import Yams

/// What the YAML parser says, in this project's words and with a place.
enum SyntaxProblem {
    static func describe(_ error: any Error, in text: String) -> (message: String, position: Position) {
        let (message, position) = translate(error, in: text)
        // The parser counts a line break more at the end of a text that ends without one.
        return (message, min(position, end(of: text)))
    }

    private static func translate(_ error: any Error, in text: String) -> (message: String, position: Position) {
        switch error {
        case YamlError.parser(_, let problem, let mark, _) where problem.hasPrefix("Maximum nesting level"):
            return (tooDeep, Position(mark))
        case YamlError.scanner(let context, let problem, let mark, _),
            YamlError.parser(let context, let problem, let mark, _):
            let position = Position(mark)
            return ("not YAML: \(problem)\(describe(context, before: mark.line))\(hint(position, in: text))", position)
        case YamlError.composer(_, _, let mark, _):
            return ("expected one YAML document, found another", Position(mark))
        case YamlError.memory:
            return (tooDeep, .start)
        default:
            return ("not YAML: \(error)", .start)
        }
    }

    private static let tooDeep = "nested too deeply; expected at most \(TreeReader.depthLimit) levels"

    private static func describe(_ context: YamlError.Context?, before line: Int) -> String {
        guard let context, context.mark.line < line else { return "" }
        return ", \(context.text) that begins in line \(context.mark.line)"
    }

    /// What most people did who see this error.
    private static func hint(_ position: Position, in text: String) -> String {
        let scalars = text.unicodeScalars
        guard let index = index(of: position, in: scalars), index < scalars.endIndex else { return "" }
        switch scalars[index] {
        case "\t": return "; YAML is indented by spaces, never by tabs"
        case "@", "`", "%": return "; put quotes around text that begins with '\(scalars[index])'"
        case ":": return "; put quotes around text that holds ': '"
        default: return ""
        }
    }

    private static func end(of text: String) -> Position {
        var position = Position.start
        var previous: Unicode.Scalar = " "
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\n" where previous == "\r": break
            case "\n", "\r": position = Position(line: position.line + 1, column: 1)
            default: position.column += 1
            }
            previous = scalar
        }
        return position
    }

    /// Nil beyond the end of the text.
    static func index(
        of position: Position, in scalars: String.UnicodeScalarView
    ) -> String.UnicodeScalarView.Index? {
        var index = scalars.startIndex
        var line = 1
        while line < position.line {
            guard index < scalars.endIndex else { return nil }
            let scalar = scalars[index]
            index = scalars.index(after: index)
            if scalar == "\r", index < scalars.endIndex, scalars[index] == "\n" { continue }
            if scalar == "\n" || scalar == "\r" { line += 1 }
        }
        return scalars.index(index, offsetBy: position.column - 1, limitedBy: scalars.endIndex)
    }
}

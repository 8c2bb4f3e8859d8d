/// A place in the stack file: line and column from 1, the column in Unicode scalars.
struct Position: Comparable, Hashable {
    var line: Int
    var column: Int

    static let start = Position(line: 1, column: 1)

    static func < (left: Position, right: Position) -> Bool {
        (left.line, left.column) < (right.line, right.column)
    }
}

/// Collects what is wrong with a stack file, so that all of it can be told at once.
struct Problems {
    /// More than anyone reads; a broken file of a megabyte has a hundred thousand.
    static let limit = 200

    private var found: [(position: Position, message: String)] = []

    var isEmpty: Bool { found.isEmpty }
    var count: Int { found.count }

    mutating func add(_ message: String, at position: Position) {
        found.append((position, message))
    }

    /// In the order of the file.
    func diagnostics(file: String) -> [Diagnostic] {
        let sorted = found.enumerated().sorted {
            ($0.element.position, $0.offset) < ($1.element.position, $1.offset)
        }
        var diagnostics: [Diagnostic] = []
        for (position, message) in sorted.lazy.map(\.element).prefix(Self.limit) {
            let next = Diagnostic(file: file, line: position.line, column: position.column, message: message)
            if diagnostics.last != next { diagnostics.append(next) }
        }
        if sorted.count > Self.limit, let last = diagnostics.last {
            let more = "\(sorted.count - Self.limit) more problems are not shown"
            diagnostics.append(Diagnostic(file: file, line: last.line, column: last.column, message: more))
        }
        return diagnostics
    }
}

/// Why one value was refused, without its place.
struct Complaint: Error {
    var message: String

    init(_ message: String) { self.message = message }
}

extension String {
    /// For an error message: in single quotes, shortened, and with nothing in it that a terminal obeys.
    var quoted: String {
        let limit = 60
        var text = ""
        for scalar in unicodeScalars.prefix(limit) {
            switch scalar.properties.generalCategory {
            case .control, .format, .lineSeparator, .paragraphSeparator, .privateUse, .surrogate, .unassigned:
                text += scalar == "\n" ? "\\n" : "\\u{\(String(scalar.value, radix: 16))}"
            default:
                text.unicodeScalars.append(scalar)
            }
        }
        return unicodeScalars.count > limit ? "'\(text)…'" : "'\(text)'"
    }
}

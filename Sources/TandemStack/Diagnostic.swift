/// One problem in a stack file, and where it is.
public struct Diagnostic: Codable, Sendable, Equatable, CustomStringConvertible {
    public var file: String
    /// From 1.
    public var line: Int
    /// From 1, in Unicode scalars.
    public var column: Int
    public var message: String

    public init(file: String, line: Int, column: Int, message: String) {
        self.file = file
        self.line = line
        self.column = column
        self.message = message
    }

    public var description: String { "\(file):\(line):\(column): error: \(message)" }
}

/// Why a stack file gave no stack: every problem that was found, in the order of the file.
public struct StackFileErrors: Error, CustomStringConvertible, Sendable, Equatable {
    /// At least one.
    public var diagnostics: [Diagnostic]

    public init(_ diagnostics: [Diagnostic]) { self.diagnostics = diagnostics }

    public var description: String { diagnostics.map(\.description).joined(separator: "\n") }
}

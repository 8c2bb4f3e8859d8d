/// What is wrong with the stack file only here and now, such as a port in it that another program has.
public struct StackFileProblems: Error, CustomStringConvertible, Sendable, Equatable {
    public struct Problem: Sendable, Equatable {
        /// Keys from the top of the file down.
        public var path: [String]
        public var message: String

        public init(path: [String], message: String) {
            self.path = path
            self.message = message
        }
    }

    /// At least one.
    public var problems: [Problem]

    public init(problems: [Problem]) { self.problems = problems }

    public var description: String { problems.map(\.message).joined(separator: "\n") }
}

import TandemStack
import Testing

let smallest = "stack: shop\napp:\n  run: ./shop serve\n"

func load(_ text: String, folder: String = "/srv/shop") throws -> Stack {
    try StackFile(text: text, name: "tandem.yaml", folder: folder).load()
}

/// The errors as a user sees them, one a line; empty where the file is fine.
func errors(_ text: String, folder: String = "/srv/shop") -> String {
    do {
        _ = try StackFile(text: text, name: "tandem.yaml", folder: folder).load()
        return ""
    } catch {
        return error.description
    }
}

/// A stack file, and below it the errors that it gives.
struct Golden: Sendable, CustomTestStringConvertible {
    var testDescription: String
    var input: String
    var output: String

    init(_ name: String, _ input: String, _ output: String) {
        testDescription = name
        self.input = input
        self.output = output
    }
}

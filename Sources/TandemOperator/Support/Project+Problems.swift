import Foundation
import TandemAgent
import TandemStack

extension Project {
    /// Runs `body`, and says where in the stack file its complaints about it belong.
    package func placingProblems<R>(_ body: () async throws -> R) async throws -> R {
        do {
            return try await body()
        } catch let error as StackFileProblems {
            let name = (stackFile as NSString).lastPathComponent
            for problem in error.problems { Terminal.line(diagnostic(problem.message, at: problem.path)) }
            throw Failure(.stackFile, "the problems above are in \(name); nothing was changed")
        }
    }

    /// A message that points at a key of the stack file, where the file has that key.
    func diagnostic(_ message: String, at path: [String]) -> String {
        let name = (stackFile as NSString).lastPathComponent
        let text = givenText ?? (try? String(contentsOfFile: stackFile, encoding: .utf8)) ?? ""
        let file = StackFile(text: text, name: name, folder: (stackFile as NSString).deletingLastPathComponent)
        return file.diagnostic(message, at: path)?.description ?? "\(name): error: \(message)"
    }
}

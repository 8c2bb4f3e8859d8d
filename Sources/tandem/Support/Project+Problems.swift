import Foundation
import TandemAgent
import TandemStack

extension Project {
    /// Runs `body`, and says where in the stack file its complaints about it belong.
    func placingProblems<R>(_ body: () async throws -> R) async throws -> R {
        do {
            return try await body()
        } catch let error as StackFileProblems {
            let name = (stackFile as NSString).lastPathComponent
            let text = (try? String(contentsOfFile: stackFile, encoding: .utf8)) ?? ""
            let file = StackFile(text: text, name: name, folder: (stackFile as NSString).deletingLastPathComponent)
            for problem in error.problems {
                // The file may have changed meanwhile; then there is no better place than its beginning.
                let place =
                    file.diagnostic(problem.message, at: problem.path)
                    ?? Diagnostic(file: name, line: 1, column: 1, message: problem.message)
                Terminal.line(place.description)
            }
            throw Failure(.stackFile, "\(name) asks for what is not there; nothing was started")
        }
    }
}

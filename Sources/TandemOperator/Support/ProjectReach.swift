import Foundation
import Glibc
import TandemStack

/// Whether the user whom a stack runs as can get at what its stack file names; asked before anything is started.
package enum ProjectReach {
    package static func check(_ project: Project) throws {
        let stack = project.stack
        var wanted = [(path: stack.app.workingDirectory, mode: X_OK, key: [String]())]
        if let program = program(of: stack.app) { wanted.append((program, X_OK, ["app", "run"])) }
        if let files = stack.web.staticFolder { wanted.append((files, R_OK | X_OK, ["web", "static"])) }
        wanted.append((OwnProgram.path, X_OK, []))
        for (path, mode, key) in wanted {
            guard let barrier = Barrier.find(path, for: mode) else { continue }
            let account = PathTrust.name(of: geteuid())
            let message =
                "the stack runs as the user '\(account)', who cannot get at \(path): \(barrier.path) denies that user access (\(barrier.state))"
            if !key.isEmpty { Terminal.line(project.diagnostic(message, at: key)) }
            let next =
                "Move it to where that user may go, such as /srv/\(stack.name), or give the project to an ordinary user."
            throw Failure(.failed, key.isEmpty ? "\(message).\n\(next)" : next)
        }
    }

    /// The program of a plain command line, where it is named by its path.
    private static func program(of app: App) -> String? {
        guard let word = app.run.split(separator: " ").first.map(String.init), word.contains("/"),
            Shell.quoted(word) == word
        else { return nil }
        return word.hasPrefix("/") ? word : "\(app.workingDirectory)/\(word)"
    }
}

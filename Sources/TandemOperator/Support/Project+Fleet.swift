import Foundation
import Glibc
import TandemStack

extension Project {
    /// A file that OpenSSH reads can name programs, which run with the rights of whoever runs OpenSSH.
    ///
    /// - Throws: `Failure` where it is not there, or where others than this user and root can change it.
    package func checkSSHConfiguration() throws {
        guard let path = stack.ssh.configuration else { return }
        let problem: String
        if access(path, R_OK) != 0 {
            problem = "\(path) cannot be read: \(String(cString: strerror(errno)))"
        } else if let doubt = PathTrust.doubt(path, user: geteuid()) {
            problem = "OpenSSH would run what \(path) says, but \(doubt.path) \(doubt.reason)"
        } else {
            return
        }
        Terminal.line(diagnostic("ssh.config: \(problem)", at: ["ssh", "config"]))
        throw Failure(.stackFile, "\((stackFile as NSString).lastPathComponent) has a problem; nothing was changed")
    }

    /// The stack file as it is now.
    func stackFileText() throws -> String {
        guard let data = Project.beginning(of: stackFile), let text = String(data: data, encoding: .utf8) else {
            throw Failure(.stackFile, "cannot read \(stackFile)")
        }
        return text
    }

    /// For commands about a stack that runs, where it does not.
    package var notRunning: Failure {
        Failure(.notRunning, "the stack '\(stack.name)' is not running; start it with: tandem up")
    }
}

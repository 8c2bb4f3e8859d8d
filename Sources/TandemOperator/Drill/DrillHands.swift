import Foundation
import Glibc
import TandemDrill
import TandemStack

/// Leaves a process behind that stays root when a drill gives itself up: connections are cut by root alone. It takes a
/// few fixed orders of the drill, about the stack that root has read the file of, and runs nothing of that stack.
package enum DrillHands {
    package static let step = "drill"

    /// Starts it, and puts the way to it in the place of our standard input, which is what stays open when root is
    /// given up.
    package static func leaveBehind(_ stack: Stack, account: UserAccount) throws {
        var ends: [Int32] = [-1, -1]
        guard socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0, &ends) == 0 else {
            throw Failure(.failed, "cannot make a socket for the drill: \(String(cString: strerror(errno)))")
        }
        let hosts = stack.hosts.map { "\($0.name)=\($0.address)" }
        let command = [
            OwnProgram.path, "drill-hands", "--stack", stack.name, "--user", "\(account.user)",
        ]
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, ends[0], 0)
        for descriptor: Int32 in [1, 2] {
            posix_spawn_file_actions_addopen(&actions, descriptor, "/dev/null", O_WRONLY, 0)
        }
        var pid: pid_t = 0
        let error = CStrings.with(command + hosts) { arguments in
            CStrings.with(["PATH=/usr/sbin:/usr/bin:/sbin:/bin"]) {
                posix_spawn(&pid, command[0], &actions, nil, arguments, $0)
            }
        }
        close(ends[0])
        guard error == 0, dup2(ends[1], 0) == 0 else {
            throw Failure(
                .failed, "cannot start the part of the drill that stays root: \(String(cString: strerror(error)))")
        }
        close(ends[1])
    }

    /// Where root left one behind.
    static func link() -> HandsLink? {
        guard ProcessInfo.processInfo.environment[AccountEnvironment.stepVariable] == step else { return nil }
        return HandsLink(descriptor: 0)
    }
}

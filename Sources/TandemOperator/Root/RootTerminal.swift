import CTandemSystem
import Foundation
import Glibc

/// Keeps root's terminal from the accounts that root's commands become: a process of such an account could take the
/// descriptor from another one, and read with it what root types later.
package enum RootTerminal {
    /// Set where the terminal is one that was made for this command, and ends with it.
    private static let ownVariable = "TANDEM_ROOT_TERMINAL"
    /// script(1) of util-linux, which is essential on Debian: it runs a command in a new terminal, and relays between
    /// both.
    private static let relay = "/usr/bin/script"

    private static var isOwn: Bool { ProcessInfo.processInfo.environment[ownVariable] != nil }

    /// At a terminal, runs this command again, as root still, in a new terminal that is this command's alone. Returns
    /// where there is none, or where only some of the standard streams are a terminal; see `leave`.
    package static func enterOwn() throws {
        guard !isOwn, tandem_is_at_terminal() != 0, access(relay, X_OK) == 0 else { return }
        let command = ([OwnProgram.path] + CommandLine.arguments.dropFirst()).map(Shell.quoted)
        var environment = ProcessInfo.processInfo.environment
        environment[ownVariable] = "1"
        // It has the user's shell run the command, in which not everything is quoted as in sh.
        environment["SHELL"] = "/bin/sh"
        let arguments = [
            relay, "--quiet", "--return", "--flush", "--command", "exec \(command.joined(separator: " "))", "/dev/null",
        ]
        let failure = CStrings.with(arguments) { arguments in
            CStrings.with(environment.map { "\($0)=\($1)" }.sorted()) { variables in
                _ = tandem_run_relay(relay, arguments, variables)
                return errno
            }
        }
        throw Failure(.failed, "cannot run \(relay): \(String(cString: strerror(failure)))")
    }

    /// Goes on without root's terminal: what is written is relayed to it, and nothing is read from it.
    package static func leave() throws {
        guard tandem_leave_terminal(isOwn ? 1 : 0) == 0 else {
            throw Failure(.failed, "cannot leave root's terminal: \(String(cString: strerror(errno)))")
        }
    }
}

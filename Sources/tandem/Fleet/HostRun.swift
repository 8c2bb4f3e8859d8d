import ArgumentParser
import CTandemSystem
import Foundation
import Glibc
import TandemAgent
import TandemBlueprint
import TandemOperator
import TandemStack

extension HostCommand {
    /// `tandem run` on its host: root becomes the app's account, for good. The agent's account, which alone reads the
    /// settings, says with what.
    struct Run: ParsableCommand, Step {
        static let configuration = CommandConfiguration(commandName: "run")
        @Argument var stack: String
        @Argument var host: String
        @Argument(parsing: .postTerminator) var command: [String] = []

        func run() throws {
            let surroundings = try surroundings()
            let places = HostPlaces(stack: stack)
            let part: StackAccount.Part
            switch surroundings.account {
            case nil: part = .stack
            case places.appAccount: part = .app
            default: throw Failure(.failed, "the settings of \(host) name an account that is none of this stack's")
            }
            guard let account = try StackAccount(stack: stack, part: part).existing() else {
                throw Failure(.failed, "\(host) has no account for its app; run `tandem up` again")
            }
            var step: UnsafePointer<CChar>?
            guard tandem_give_up_root(account.user, account.group, [account.group], 1, 0, &step) == 0 else {
                let reason = String(cString: strerror(errno))
                let doing = step.map { String(cString: $0) } ?? "give up root"
                throw Failure(
                    .failed, "cannot become the user '\(account.name)': could not \(doing): \(reason)")
            }
            try RunCommand.take(surroundings, command)
        }

        private func surroundings() throws -> AppSurroundings {
            let places = HostPlaces(stack: stack)
            guard let agent = try StackAccount(stack: stack).existing() else {
                throw Failure(.notRunning, "\(host) has no part of the stack '\(stack)'")
            }
            let answer = try RootTool.run(
                [
                    "/usr/bin/setpriv", "--reuid=\(agent.user)", "--regid=\(agent.group)", "--clear-groups",
                    "--no-new-privs", "--", HostPlaces.program, "run", host, "--surroundings", "--file",
                    "\(places.stateFolder)/\(Project.fileName)",
                ],
                environment: [
                    AccountEnvironment.stateVariable: places.stateFolder, "XDG_RUNTIME_DIR": places.runtimeFolder,
                    "HOME": places.stateFolder, "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
                ], capturing: 1 << 20)
            guard answer.status == 0 else { throw ExitCode(answer.status) }
            return try JSONDecoder().decode(AppSurroundings.self, from: answer.output)
        }
    }
}

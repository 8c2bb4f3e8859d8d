import Foundation
import TandemBlueprint
import TandemFleet
import TandemStack

/// What an operator's own machine does for a user of the stack: it shows the page, and trusts the stack's certificates.
/// The hosts are asked, and stay as they are.
package struct FleetVisit: Sendable {
    package let hosts: FleetHosts

    package init(hosts: FleetHosts) { self.hosts = hosts }

    package func open() async throws {
        let url = try await ask(["open"]).trimmingCharacters(in: .whitespacesAndNewlines)
        // The address goes to the operator's terminal and browser, and the host that gave it may be in an attacker's
        // hands.
        guard url == hosts.stack.url else {
            throw Failure(
                .failed,
                "a host says that the page is at \(Terminal.printable(url)), and the stack file says \(hosts.stack.url). Where the file has changed: tandem up"
            )
        }
        print(url)
        Desktop.show(url)
    }

    /// - Throws: `Failure` when a command is left for root, which was said.
    package func trust() async throws {
        let answer = try await ask(["trust", "--print-authority"])
        let authority = try JSONDecoder().decode(StackAuthority.self, from: Data(answer.utf8))
            .checked(of: hosts.stack)
        guard authority.stack == hosts.stack.name, let certificate = authority.certificate else {
            throw Failure(.failed, "'\(hosts.stack.name)' has no certificate authority yet; it is made by: tandem up")
        }
        let file = "\(Self.folder)/\(hosts.stack.name).crt"
        do {
            try FileManager.default.createDirectory(atPath: Self.folder, withIntermediateDirectories: true)
            try Data(certificate.utf8).write(to: URL(fileURLWithPath: file), options: .atomic)
        } catch {
            throw Failure(.failed, "cannot write \(file): \(error.localizedDescription)")
        }
        try Self.finish(StackTrust(stack: hosts.stack.name, certificateFile: file).add())
    }

    /// This machine's own business: no host is asked.
    package static func distrust(_ stack: Stack) throws {
        let file = "\(folder)/\(stack.name).crt"
        try finish(StackTrust(stack: stack.name, certificateFile: file).remove())
        unlink(file)
    }

    private static func finish(_ isDone: Bool) throws {
        guard isDone else {
            throw Failure(.failed, "the machine's trust store has not changed: the command above is left to run")
        }
    }

    /// Certificates that this user was given.
    private static var folder: String { UserFolder.data.path + "/tandem/authorities" }

    /// The standard output of a command of the host's own program, in the operator's name.
    private func ask(_ words: [String]) async throws -> String {
        let session = try await hosts.anySession()
        _ = try await FleetReleases(hosts: hosts).state(session)
        let command = OperatorMode.environment(stack: hosts.stack.name) + [HostPlaces.program] + words
        let outcome = try await session.run(
            command + ["--file", "\(hosts.places.operatorFolder)/\(Project.fileName)"], seconds: 30)
        guard outcome.status == 0 else {
            throw Failure(ExitStatus(rawValue: outcome.status) ?? .failed, HostSession.said(outcome.errors))
        }
        return outcome.output
    }
}

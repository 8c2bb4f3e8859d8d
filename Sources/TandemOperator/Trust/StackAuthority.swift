import Foundation
import TandemAgent
import TandemBlueprint
import TandemPKI
import TandemStack

/// A stack's certificate authority, as the account of the stack hands it to root: root itself reads nothing of a stack.
package struct StackAuthority: Codable {
    package var stack: String
    /// PEM; nil where the stack has none.
    var certificate: String?
    /// Whom the stack file belongs to. Root sets it, whatever the account says.
    package var owner: UInt32?

    package init(stack: String, certificate: String? = nil, owner: UInt32? = nil) {
        self.stack = stack
        self.certificate = certificate
        self.owner = owner
    }

    private static let largestBytes = 64 * 1024

    /// Asks for it with the rights of the stack's account.
    package static func ofRoot(file: String?, isQuiet: Bool = false) throws -> StackAuthority {
        let command = [OwnProgram.path, "trust", "--print-authority"] + (file.map { ["--file", $0] } ?? [])
        let outcome = try RootTool.run(command, capturing: largestBytes, isQuiet: isQuiet)
        // It has said why.
        guard outcome.status == 0 else { throw QuietEnd(outcome.status) }
        var authority = try JSONDecoder().decode(StackAuthority.self, from: outcome.output)
        let found = try RootStackFile.locate(file)
        authority.owner = found?.owner
        // What is filed under another stack's name would take that one's place.
        if let found, found.owner == 0, try found.read().name != authority.stack {
            throw Failure(.failed, "the stack's account gave the name of another stack; nothing was trusted")
        }
        return try authority.checked(of: ownStack(file: file))
    }

    /// What root itself has put into a stack file of its own.
    private static func ownStack(file: String?) -> Stack? {
        guard let found = try? RootStackFile.locate(file), found.owner == 0 else { return nil }
        return (try? found.read())?.stack
    }

    /// It becomes a file's name and a certificate that the whole machine believes.
    ///
    /// - Parameter own: whose domain and addresses it may sign for, besides those that mean this machine; nil: nothing
    ///   besides.
    func checked(of own: Stack?) throws -> StackAuthority {
        let letters = stack.utf8.allSatisfy { (0x61...0x7a).contains($0) || (0x30...0x39).contains($0) || $0 == 0x2d }
        guard letters, (1...63).contains(stack.utf8.count) else {
            throw Failure(.failed, "the answer of the stack's account has no valid stack name")
        }
        guard let certificate else { return self }
        guard let canonical = CertificateAuthority.canonical(certificate) else {
            throw Failure(
                .failed, "the authority file of the stack '\(stack)' is not a CA certificate; nothing was trusted")
        }
        guard let names = AuthorityNames(certificatePEM: canonical) else {
            throw Failure(
                .failed,
                "the certificate authority of '\(stack)' is not bound to names and addresses of its stack, so that it could pose as other sites; "
                    + "nothing was trusted. A new one is made by: tandem down, tandem up")
        }
        try check(names, own)
        return StackAuthority(stack: stack, certificate: canonical, owner: owner)
    }

    private func check(_ names: AuthorityNames, _ own: Stack?) throws {
        let domains = ["localhost", Stack.internalDomain(stack: stack), own?.domain].compactMap(\.self)
        if let foreign = names.domains.first(where: { !domains.contains($0) && !$0.hasSuffix(".localhost") }) {
            throw refusal(foreign, own, remedy: "tandem down, tandem up")
        }
        let addresses = own.map { $0.frontCertificateNames.addresses + $0.hosts.map(\.address) } ?? []
        if let foreign = names.addresses.first(where: { !addresses.contains($0) }) {
            throw refusal(foreign, own, remedy: "tandem up")
        }
    }

    /// - Parameter remedy: makes an authority for what the stack file says now.
    private func refusal(_ foreign: String, _ own: Stack?, remedy: String) -> Failure {
        let begin = "the certificate authority of '\(stack)' may sign for \(Terminal.printable(foreign)), "
        guard own == nil else {
            return Failure(
                .failed,
                begin + "which the stack file does not name; nothing was trusted. One for what the file says "
                    + "now is made by: \(remedy)")
        }
        return Failure(
            .failed,
            begin + "and the stack file is not root's: its owner could pose as that site to everybody on this machine; "
                + "nothing was trusted. In your own browsers, as that user: tandem trust")
    }

    package func trust() throws -> Bool {
        guard let certificate else {
            throw Failure(.failed, "'\(stack)' has no certificate authority yet; it is made by: tandem up")
        }
        return try trust(certificate).add()
    }

    package func distrust() throws -> Bool { try trust(nil).remove() }

    private func trust(_ certificate: String?) throws -> StackTrust {
        guard let owner else { throw Failure(.failed, "cannot tell whom the stack file of '\(stack)' belongs to") }
        return StackTrust(
            stack: stack, certificateFile: "", certificate: certificate.map { Data($0.utf8) }, owner: owner)
    }

    /// For `destroy`.
    package func forget() throws {
        guard let certificate else { return }
        do {
            try trust(certificate).forget()
        } catch {
            // The stack goes all the same: an authority without a key signs nothing.
            Terminal.error("its certificate authority is still trusted: \((error as? Failure)?.message ?? "\(error)")")
        }
    }
}

import Foundation
import TandemAgent

/// Trust in one stack's authority on this machine, as far as this user may change it.
package struct StackTrust {
    package var stack: String
    var certificateFile: String
    /// nil: what the file holds.
    var certificate: Data?
    var system = SystemTrust()
    var browsers = BrowserTrust(home: ProcessInfo.processInfo.environment["HOME"] ?? "/")
    var isRoot = geteuid() == 0
    /// Whom the stack file belongs to.
    package var owner = geteuid()

    private var trusted: TrustedStack { TrustedStack(name: stack, owner: owner) }

    private var authority: Data? { certificate ?? FileManager.default.contents(atPath: certificateFile) }

    /// - Returns: false when a command is left for root, which was said.
    package func add() throws -> Bool {
        guard let certificate = authority else {
            throw Failure(
                .failed, "'\(stack)' has no certificate authority yet (\(certificateFile)); it is made by: tandem up")
        }
        let isDone = try addToSystem(certificate)
        // Root's browsers are nobody's.
        if !isRoot { try addToBrowsers() }
        return isDone
    }

    private func addToSystem(_ certificate: Data) throws -> Bool {
        guard system.isHere else {
            Terminal.line("this machine has no update-ca-certificates (Debian: package ca-certificates).")
            Terminal.line("Tell its trust store about \(certificateFile)")
            return false
        }
        let file = system.file(certificate, of: trusted)
        if system.trusts(certificate, of: trusted) {
            Terminal.line("this machine trusts the CA of '\(stack)' already: \(file)")
            return true
        }
        guard isRoot else {
            Terminal.line("the machine's trust store is root's. Run:\n")
            Terminal.line("    \(system.commandToAdd(certificateFile, as: file))\n")
            return false
        }
        try system.add(certificate, of: trusted)
        Terminal.line("this machine trusts the CA of '\(stack)' now: \(file)")
        Terminal.line(
            "curl and most programs use it at once; browsers may keep a list of their own. As the user of one:")
        Terminal.line(
            "    certutil -d sql:$HOME/.pki/nssdb -A -t C,, -n 'Tandem CA of the stack \(stack)' -i \(file)"
        )
        Terminal.line("To take it out again: tandem trust --remove")
        return true
    }

    private func addToBrowsers() throws {
        guard browsers.certutil != nil else {
            if !browsers.databases.isEmpty {
                Terminal.line(
                    "your browsers keep lists of their own; with the package libnss3-tools `tandem trust` adds it there too"
                )
            }
            return
        }
        if let missing = browsers.missing { Terminal.line(missing) }
        for database in try browsers.add(certificateFile, of: stack) {
            Terminal.line("your browser trusts it now, once started anew: \(database)")
        }
    }

    /// - Returns: false when a command is left for root, which was said.
    package func remove() throws -> Bool {
        try removeFromBrowsers()
        let files = system.files(of: trusted)
        guard !files.isEmpty else {
            Terminal.line("this machine does not trust a CA of '\(stack)'")
            return true
        }
        return try removeFromSystem(files)
    }

    private func removeFromBrowsers() throws {
        guard !isRoot else { return }
        for database in try browsers.remove(stack) {
            Terminal.line("your browser no longer trusts the CA of '\(stack)': \(database)")
        }
    }

    private func removeFromSystem(_ files: [String]) throws -> Bool {
        guard isRoot else {
            Terminal.line("the machine's trust store is root's. Run:\n\n    \(system.commandToRemove(files))\n")
            return false
        }
        try system.remove(files)
        Terminal.line("this machine no longer trusts the CA of '\(stack)'")
        return true
    }

    /// For `destroy`: the key is about to be deleted, so nothing is lost by forgetting the certificate. From the
    /// machine only that very one: another user may have a stack of the same name.
    package func forget() throws {
        guard let certificate = authority else { return }
        try removeFromBrowsers()
        if system.trusts(certificate, of: trusted) { _ = try removeFromSystem([system.file(certificate, of: trusted)]) }
    }
}

extension StackTrust {
    package init(stack: String, certificateFile: String) {
        self.init(stack: stack, certificateFile: certificateFile, certificate: nil)
    }
}

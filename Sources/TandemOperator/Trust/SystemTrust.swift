import Foundation
import TandemAgent
import TandemPKI

/// Whose authority a certificate in the machine's store is.
struct TrustedStack: Sendable, Equatable {
    var name: String
    /// Whom the stack file belongs to.
    var owner: UInt32

    /// No name of a stack has a dot.
    fileprivate var prefix: String { "tandem-\(name).\(owner)." }
}

/// This machine's trust store as Debian and Ubuntu have it: certificates in a folder, and a program that makes one file
/// of them all.
struct SystemTrust: Sendable {
    /// Of the machine's own authorities.
    var folder = "/usr/local/share/ca-certificates"
    /// Program and arguments.
    var update = ["/usr/sbin/update-ca-certificates"]

    var isHere: Bool { FileManager.default.isExecutableFile(atPath: update[0]) }

    /// Stacks of different users may have one name, and a stack gets a new authority now and then.
    func file(_ certificate: Data, of stack: TrustedStack) -> String {
        "\(folder)/\(stack.prefix)\(CertificateAuthority.fingerprint(certificate)).crt"
    }

    /// All of a stack's, and none of another's of that name.
    func files(of stack: TrustedStack) -> [String] {
        ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).sorted()
            .filter { $0.hasPrefix(stack.prefix) && $0.hasSuffix(".crt") }.map { "\(folder)/\($0)" }
    }

    /// Whether exactly this certificate is trusted.
    func trusts(_ certificate: Data, of stack: TrustedStack) -> Bool {
        FileManager.default.contents(atPath: file(certificate, of: stack)) == certificate
    }

    func add(_ certificate: Data, of stack: TrustedStack) throws {
        let file = file(certificate, of: stack)
        do {
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            try certificate.write(to: URL(fileURLWithPath: file), options: .atomic)
            try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: file)
        } catch {
            throw Failure(.failed, "cannot write \(file): \(error.localizedDescription)")
        }
        // Its earlier authorities sign nothing any more.
        try delete(files(of: stack).filter { $0 != file })
        try rebuild()
    }

    func remove(_ files: [String]) throws {
        try delete(files)
        try rebuild()
    }

    private func delete(_ files: [String]) throws {
        for file in files {
            do {
                try FileManager.default.removeItem(atPath: file)
            } catch {
                throw Failure(.failed, "cannot delete \(file): \(error.localizedDescription)")
            }
        }
    }

    private func rebuild() throws {
        let outcome = try ToolRun(update)
        guard outcome.status == 0 else {
            throw Failure(
                .failed,
                "\(update.joined(separator: " ")) ended with status \(outcome.status):\n\(outcome.words)")
        }
    }

    /// What an ordinary user types instead.
    func commandToAdd(_ certificateFile: String, as file: String) -> String {
        "sudo install -m 644 \(Shell.quoted(certificateFile)) \(file) && sudo update-ca-certificates"
    }

    func commandToRemove(_ files: [String]) -> String {
        "sudo rm \(files.joined(separator: " ")) && sudo update-ca-certificates"
    }
}

/// The certificate databases of the browsers that keep their own: Chromium's, and one for each profile of Firefox.
struct BrowserTrust: Sendable {
    /// Of the user.
    var home: String
    /// NSS's tool; nil where it is not installed.
    var certutil: String?

    init(home: String, certutil: String? = BrowserTrust.installedTool) {
        self.home = home
        self.certutil = certutil
    }

    static var installedTool: String? {
        ["/usr/bin/certutil", "/usr/local/bin/certutil"].first { FileManager.default.isExecutableFile(atPath: $0) }
    }

    /// Folders that hold a database.
    var databases: [String] {
        let firefox = ["\(home)/.mozilla/firefox", "\(home)/snap/firefox/common/.mozilla/firefox"]
        let profiles = firefox.flatMap { folder in
            ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).sorted().map { "\(folder)/\($0)" }
        }
        return (["\(home)/.pki/nssdb"] + profiles).filter {
            FileManager.default.fileExists(atPath: "\($0)/cert9.db")
        }
    }

    /// What is said where Chromium has no list yet, which it makes at its first start; nil where it has one.
    var missing: String? {
        guard !FileManager.default.fileExists(atPath: "\(home)/.pki/nssdb/cert9.db") else { return nil }
        return
            "Chromium's list of authorities is not there yet (\(home)/.pki/nssdb): start it once, or make the list with\n\n"
            + "    mkdir -p \(home)/.pki/nssdb && certutil -d sql:\(home)/.pki/nssdb -N --empty-password\n\n"
            + "and run `tandem trust` again"
    }

    private func nickname(_ stack: String) -> String { "Tandem CA of the stack \(stack)" }

    /// - Returns: the databases that have it now.
    func add(_ certificateFile: String, of stack: String) throws -> [String] {
        guard let certutil else { return [] }
        for database in databases {
            let outcome = try ToolRun([
                certutil, "-d", "sql:\(database)", "-A", "-t", "C,,", "-n", nickname(stack), "-i", certificateFile,
            ])
            guard outcome.status == 0 else {
                throw Failure(.failed, "certutil cannot add the CA to \(database):\n\(outcome.words)")
            }
        }
        return databases
    }

    /// - Returns: the databases that had it.
    func remove(_ stack: String) throws -> [String] {
        guard let certutil else { return [] }
        return try databases.filter { database in
            let had = try ToolRun([certutil, "-d", "sql:\(database)", "-L", "-n", nickname(stack)]).status == 0
            guard had else { return false }
            let outcome = try ToolRun([certutil, "-d", "sql:\(database)", "-D", "-n", nickname(stack)])
            guard outcome.status == 0 else {
                throw Failure(.failed, "certutil cannot take the CA out of \(database):\n\(outcome.words)")
            }
            return true
        }
    }
}

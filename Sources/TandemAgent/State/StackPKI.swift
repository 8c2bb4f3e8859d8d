public import Foundation
public import TandemBlueprint
import TandemPKI
public import TandemStack

/// Makes the stack's CA and certificates on first use, and again when names change or they are about to expire.
public struct StackPKI: Sendable {
    let stack: Stack
    let folder: StackFolder
    let accounts: Accounts

    /// - Parameters:
    ///   - folder: its `pkiFolder` holds the authority and the command line's own certificate.
    ///   - accounts: whose the hosts' files become.
    public init(stack: Stack, folder: StackFolder, accounts: Accounts) {
        self.stack = stack
        self.folder = folder
        self.accounts = accounts
    }

    /// The name in the command line's own certificate, by which agents know it.
    static func commandLineName(stack: String) -> String { "client.\(stack).internal" }

    /// - Parameter layout: where a host's certificates go.
    /// - Returns: how many certificates were made.
    @discardableResult
    public func ensure(layout: (Host) -> Layout, now: Date) throws -> Int {
        try Folders.make(folder.pkiFolder)
        let authority = try authority(now: now)
        var count = 0
        for host in stack.hosts {
            count += try ensureHost(host, layout: layout(host), authority: authority, now: now)
        }
        let client = try CertificateRequest(
            commonName: "tandem command line", names: [Self.commandLineName(stack: stack.name)], addresses: [])
        if try ensure(
            client, authority, certificate: folder.clientCertificateFile, key: folder.clientKeyFile, bundle: nil,
            isEngines: false, now: now)
        {
            count += 1
        }
        return count
    }

    private func authority(now: Date) throws -> CertificateAuthority {
        if let certificate = text(folder.caFile), let key = text(folder.caKeyFile) {
            do {
                return try CertificateAuthority(certificatePEM: certificate, keyPEM: key)
            } catch {
                throw StateError(
                    "cannot use the stack's certificate authority (\(folder.caFile), \(folder.caKeyFile)): \(error).\n"
                        + "Put the two files back, or remove both to have a new one made while the stack is down.")
            }
        }
        let authority = try CertificateAuthority(stack: stack.name, now: now)
        // The key first: a certificate without its key would look whole.
        try AtomicFile.write(authority.keyPEM, to: folder.caKeyFile)
        try AtomicFile.write(authority.certificatePEM, to: folder.caFile, mode: 0o644)
        return authority
    }

    /// Certificate files that `ensure` would make anew: names have changed, or they are about to expire.
    func outdated(layout: (Host) -> Layout, now: Date) throws -> Set<String> {
        guard let certificate = text(folder.caFile), let key = text(folder.caKeyFile) else { return [] }
        let authority = try CertificateAuthority(certificatePEM: certificate, keyPEM: key)
        var paths: Set<String> = []
        for host in stack.hosts {
            for wanted in try wanted(host, layout: layout(host)) {
                let issued = IssuedCertificate(
                    certificatePEM: text(wanted.certificate) ?? "", keyPEM: text(wanted.key) ?? "")
                if !authority.accepts(issued, for: wanted.request, now: now) {
                    paths.formUnion([wanted.certificate, wanted.key, wanted.bundle].compactMap(\.self))
                }
            }
        }
        return paths
    }

    /// A certificate of a host, and where its parts lie.
    private struct Wanted {
        var request: CertificateRequest
        var certificate: String
        var key: String
        var bundle: String?
    }

    private func wanted(_ host: Host, layout: Layout) throws -> [Wanted] {
        let dialled = stack.certificateNames(of: host)
        let inside = try CertificateRequest(
            commonName: host.name, names: dialled.names + ["localhost"],
            addresses: dialled.addresses)
        var result = [
            Wanted(
                request: inside, certificate: layout.certificateFile, key: layout.keyFile,
                bundle: layout.bundleFile)
        ]
        guard host.has(.balancer) else { return result }
        let users = stack.frontCertificateNames
        let front = try CertificateRequest(
            commonName: stack.domain, names: users.names, addresses: users.addresses + ["::1"])
        let pair = "\(layout.tlsFolder)/front"
        result.append(
            Wanted(
                request: front, certificate: "\(pair)-cert.pem", key: "\(pair)-key.pem",
                bundle: layout.frontBundleFile))
        return result
    }

    /// - Returns: how many certificates were made.
    private func ensureHost(_ host: Host, layout: Layout, authority: CertificateAuthority, now: Date) throws -> Int {
        let owner = accounts.engine?.specification
        try Folders.make(layout.tlsFolder, owner: owner)
        try AtomicFile.write(authority.certificatePEM, to: layout.caFile, mode: 0o644, owner: owner)
        try Folders.make(layout.publicFolder, mode: 0o755, owner: owner)
        try AtomicFile.write(authority.certificatePEM, to: layout.publicCAFile, mode: 0o644, owner: owner)
        return try wanted(host, layout: layout).count { wanted in
            try ensure(
                wanted.request, authority, certificate: wanted.certificate, key: wanted.key, bundle: wanted.bundle,
                isEngines: true, now: now)
        }
    }

    private func ensure(
        _ request: CertificateRequest, _ authority: CertificateAuthority, certificate: String, key: String,
        bundle: String?, isEngines: Bool, now: Date
    ) throws -> Bool {
        let owner = isEngines ? accounts.engine?.specification : nil
        var isNew = false
        var issued = IssuedCertificate(certificatePEM: text(certificate) ?? "", keyPEM: text(key) ?? "")
        if !authority.accepts(issued, for: request, now: now) {
            issued = try authority.issue(request, now: now)
            isNew = true
        }
        try AtomicFile.write(issued.certificatePEM, to: certificate, mode: 0o600, owner: owner)
        try AtomicFile.write(issued.keyPEM, to: key, mode: 0o600, owner: owner)
        if let bundle {
            try AtomicFile.write(issued.certificatePEM + issued.keyPEM, to: bundle, mode: 0o600, owner: owner)
        }
        return isNew
    }

    private func text(_ path: String) -> String? { try? String(contentsOfFile: path, encoding: .utf8) }
}

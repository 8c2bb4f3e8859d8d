public import Foundation
public import TandemBlueprint
import TandemPKI
public import TandemStack

/// Makes the stack's CA and certificates on first use, and again when names change or they are about to expire.
public struct StackPKI: Sendable {
    let stack: Stack
    let folder: StackFolder

    /// - Parameter folder: its `pkiFolder` holds the authority and the command line's own certificate.
    public init(stack: Stack, folder: StackFolder) {
        self.stack = stack
        self.folder = folder
    }

    /// What was made.
    public struct Made: Codable, Sendable, Equatable {
        public var certificates = 0
        /// There was an authority before, and it was replaced: whoever trusts that one has to be told.
        public var replacesAuthority = false
        /// The authority stays, but may sign for addresses that those do not know of who trust it by its earlier
        /// certificate.
        public var widensAnchor = false
    }

    /// - Parameter layout: where a host's certificates go.
    @discardableResult
    public func ensure(layout: (Host) -> Layout, now: Date) throws -> Made {
        try Folders.make(folder.pkiFolder)
        let services = try authority(.services, now: now)
        let last = CertificateFiles.text(folder.anchorFile)
        let anchor = try services.authority.anchor(scope: scope, last: last, now: now)
        try AtomicFile.write(anchor, to: folder.anchorFile, mode: 0o644)
        let agents = try authority(.agents, now: now)
        var authorities: [Issuer: CertificateAuthority] = [.services: services.authority, .agents: agents.authority]
        if stack.hosts.contains(where: { layout($0).programs.etcd != nil }) {
            authorities[.store] = try authority(.store, now: now).authority
        }
        var made = Made(replacesAuthority: services.isReplaced)
        if let last, !services.isReplaced {
            made.widensAnchor = try !services.authority.isBelieved(by: last, for: scope)
        }
        for host in stack.hosts {
            try prepare(host, layout: layout(host), authorities)
            for wanted in try wanted(host, layout: layout(host)) {
                guard let issuer = authorities[wanted.issuer] else { continue }
                if try ensure(wanted, issuer, now: now) { made.certificates += 1 }
            }
        }
        if try ensure(commandLine, agents.authority, now: now) { made.certificates += 1 }
        return made
    }

    /// Why the stack cannot keep its authorities; nil when it can, or has none yet. New ones are made while the stack
    /// is down, since who runs trusts the ones that it was started with.
    public func authorityProblem() throws -> String? {
        guard let services = try existing(.services) else { return nil }
        let agents = try existing(.agents)
        // Of a stack that ran no etcd so far there is none yet, and nobody who would trust another one.
        let isStoreFine = try existing(.store).map { $0.isLimited(to: innerScope) } ?? true
        if let agents, isStoreFine, try services.isLimited(to: scope), agents.isLimited(to: innerScope) { return nil }
        return
            "the stack's certificate authority was made for other names than \(stack.domain), or by an earlier version "
            + "of Tandem, and is to be made anew. To take it up: tandem down && tandem up.\n"
            + "Whoever trusts the old one (tandem trust) then has to trust the new one"
    }

    /// Certificate files that `ensure` would make anew: names have changed, or they are about to expire.
    func outdated(layout: (Host) -> Layout, now: Date) throws -> Set<String> {
        var paths: Set<String> = []
        for host in stack.hosts {
            for wanted in try wanted(host, layout: layout(host)) {
                guard let authority = try existing(wanted.issuer) else { continue }
                if !authority.accepts(wanted.files.read(), for: wanted.request, now: now) {
                    paths.formUnion(wanted.files.paths)
                }
            }
        }
        return paths
    }

    // MARK: - The authorities

    /// Agents and the command line have an authority of their own, so that no key of a service, and no name in a
    /// service's certificate, opens anything among them. So has etcd, in which it will be decided who leads: its
    /// clients are agents alone.
    private enum Issuer {
        case services
        case agents
        case store
    }

    private func files(_ issuer: Issuer) -> CertificateFiles {
        switch issuer {
        case .services: .pair(certificate: folder.caFile, key: folder.caKeyFile)
        case .agents: .pair(certificate: folder.agentsCAFile, key: folder.agentsCAKeyFile)
        case .store: .pair(certificate: folder.storeCAFile, key: folder.storeCAKeyFile)
        }
    }

    private func name(_ issuer: Issuer) -> String {
        switch issuer {
        case .services: stack.name
        case .agents: "\(stack.name) (agents)"
        case .store: "\(stack.name) (etcd)"
        }
    }

    /// Only the parts of a stack are called by names below this one. Without addresses, since BoringSSL takes none from
    /// an authority that is limited in those.
    private var innerScope: CertificateScope { CertificateScope(domains: [stack.internalDomain], networks: []) }

    private func authority(_ issuer: Issuer, now: Date) throws -> (authority: CertificateAuthority, isReplaced: Bool) {
        let wanted = issuer == .services ? try scope : innerScope
        let last = try existing(issuer)
        if let last, last.isLimited(to: wanted) { return (last, false) }
        let authority = try CertificateAuthority(
            stack: name(issuer), scope: wanted, now: now)
        // The key first: a certificate without its key would look whole.
        guard case .pair(let certificate, let key) = files(issuer) else { return (authority, last != nil) }
        try AtomicFile.write(authority.keyPEM, to: key)
        try AtomicFile.write(authority.certificatePEM, to: certificate, mode: 0o644)
        return (authority, last != nil)
    }

    private var scope: CertificateScope {
        get throws {
            let loopback = [
                try CertificateScope.Network("127.0.0.0", prefix: 8), try CertificateScope.Network("::1"),
            ]
            return CertificateScope(
                domains: stack.certificateDomains,
                networks: try loopback
                    + (stack.hosts.map(\.address) + stack.frontAddresses.map(\.address)
                    + [stack.shownAddress].compactMap(\.self)).map {
                        try CertificateScope.Network($0)
                    })
        }
    }

    private func existing(_ issuer: Issuer) throws -> CertificateAuthority? {
        let files = files(issuer)
        let last = files.read()
        guard !last.certificatePEM.isEmpty, !last.keyPEM.isEmpty else { return nil }
        do {
            return try CertificateAuthority(certificatePEM: last.certificatePEM, keyPEM: last.keyPEM)
        } catch {
            throw StateError(
                "cannot use the stack's certificate authority (\(files.paths.joined(separator: ", "))): \(error).\n"
                    + "Put the two files back, or remove both to have a new one made while the stack is down.")
        }
    }

    // MARK: - Certificates

    /// A certificate, and where its parts lie.
    private struct Wanted {
        var request: CertificateRequest
        var files: CertificateFiles
        var issuer = Issuer.services
    }

    private func identity(_ kind: CertificateIdentity.Kind, _ host: Host? = nil) -> CertificateIdentity {
        CertificateIdentity(stack: stack.name, kind: kind, host: host?.name)
    }

    private func request(
        _ kind: CertificateIdentity.Kind, _ host: Host, _ names: CertificateNames
    ) throws -> CertificateRequest {
        try CertificateRequest(
            identity(kind, host), commonName: host.name, names: names.names, addresses: names.addresses)
    }

    private var commandLine: Wanted {
        get throws {
            Wanted(
                request: try CertificateRequest(identity(.commandLine), commonName: "tandem command line"),
                files: .pair(certificate: folder.clientCertificateFile, key: folder.clientKeyFile), issuer: .agents)
        }
    }

    private func wanted(_ host: Host, layout: Layout) throws -> [Wanted] {
        var result = [
            Wanted(
                request: try request(.agent, host, stack.agentCertificateNames(of: host)),
                files: .pair(
                    certificate: folder.agentCertificateFile(host.name), key: folder.agentKeyFile(host.name)),
                issuer: .agents)
        ]
        if layout.programs.etcd != nil { result += try store(host, layout: layout) }
        if stack.isMonitor(host), layout.programs.prometheus != nil {
            result.append(
                Wanted(
                    request: try request(.monitor, host, stack.monitorCertificateNames(of: host)),
                    files: .pair(certificate: layout.monitorCertificateFile, key: layout.monitorKeyFile),
                    issuer: .agents))
        }
        if host.has(.web) || host.has(.app) {
            result.append(
                Wanted(
                    request: try request(.web, host, stack.webCertificateNames(of: host)),
                    files: .pair(certificate: layout.webCertificateFile, key: layout.webKeyFile)))
        }
        if host.has(.database) {
            result.append(
                Wanted(
                    request: try request(.database, host, stack.databaseCertificateNames(of: host)),
                    files: .pair(certificate: layout.databaseCertificateFile, key: layout.databaseKeyFile)))
        }
        guard host.has(.balancer) else { return result }
        let users = stack.frontCertificateNames
        let front = try CertificateRequest(
            identity(.front, host), commonName: stack.domain, names: users.names, addresses: users.addresses + ["::1"])
        result.append(Wanted(request: front, files: .bundle(layout.frontBundleFile)))
        result.append(
            Wanted(
                request: try request(.balancer, host, CertificateNames(names: [], addresses: [])),
                files: .bundle(layout.balancerBundleFile)))
        return result
    }

    /// What etcd shows, where the host runs it; and what the host's agent shows etcd.
    private func store(_ host: Host, layout: Layout) throws -> [Wanted] {
        let agent = Wanted(
            request: try request(.storeClient, host, CertificateNames(names: [], addresses: [])),
            files: .pair(certificate: folder.storeCertificateFile(host.name), key: folder.storeKeyFile(host.name)),
            issuer: .store)
        guard stack.votes(host) else { return [agent] }
        return [
            agent,
            Wanted(
                request: try request(.store, host, stack.storeCertificateNames(of: host)),
                files: .pair(certificate: layout.storeCertificateFile, key: layout.storeKeyFile), issuer: .store),
        ]
    }

    private func prepare(_ host: Host, layout: Layout, _ authorities: [Issuer: CertificateAuthority]) throws {
        func write(_ issuer: Issuer, _ path: String) throws {
            guard let authority = authorities[issuer] else { return }
            try AtomicFile.write(authority.certificatePEM, to: path, mode: 0o644)
        }
        try Folders.make(folder.records(host.name))
        try write(.agents, folder.agentCAFile(host.name))
        try write(.store, folder.storeCAFile(host.name))
        try Folders.make(layout.tlsFolder)
        try write(.services, layout.caFile)
        if stack.votes(host) { try write(.store, layout.storeCAFile) }
        if stack.isMonitor(host) { try write(.agents, layout.monitorCAFile) }
        try Folders.make(layout.publicFolder, mode: 0o755)
        try write(.services, layout.publicCAFile)
        for name in Self.obsolete { try? FileManager.default.removeItem(atPath: "\(layout.tlsFolder)/\(name)") }
    }

    /// Of earlier versions, which had one certificate of a host for all uses.
    private static let obsolete = ["cert.pem", "key.pem", "bundle.pem", "front-cert.pem", "front-key.pem"]

    /// - Returns: whether the certificate was made.
    private func ensure(_ wanted: Wanted, _ authority: CertificateAuthority, now: Date) throws -> Bool {
        var isNew = false
        var issued = wanted.files.read()
        if !authority.accepts(issued, for: wanted.request, now: now) {
            issued = try authority.issue(wanted.request, now: now)
            isNew = true
        }
        try wanted.files.write(issued)
        return isNew
    }
}

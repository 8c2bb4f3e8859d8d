import Foundation
public import TandemBlueprint
import TandemReplication
public import TandemStack

/// What one host was given: the stack and the secrets as they were when it was last told of them.
///
/// While a change rolls through a stack, hosts differ in this. Each agent works from its own, so that one that is
/// started anew in the middle goes on with what its host has, and never with a mix.
public struct AppliedHost: Codable, Sendable, Equatable {
    public var applied: AppliedStack
    public var secrets: StackSecrets
    /// Counts the changes, so that a host that is told the same again is known to have taken it up again.
    public var revision: Int

    public init(applied: AppliedStack, secrets: StackSecrets, revision: Int = 0) {
        self.applied = applied
        self.secrets = secrets
        self.revision = revision
    }

    /// Whether it says the same as another one.
    public func isSame(as other: AppliedHost) -> Bool { applied == other.applied && secrets == other.secrets }

    /// The same for the same content, on every machine.
    public var version: String {
        get throws { StableHash.hex64(try JSONText.encode(self, isPretty: false)) }
    }

    /// What a host was given; where nobody told it alone, what the stack as a whole was given.
    public static func load(host: String, folder: StackFolder) throws -> AppliedHost {
        let own = folder.appliedFile(host: host)
        if FileManager.default.fileExists(atPath: own) {
            return try JSONText.decode(AppliedHost.self, fromFile: own).limited(to: host)
        }
        return AppliedHost(
            applied: try JSONText.decode(AppliedStack.self, fromFile: folder.appliedFile),
            secrets: try JSONText.decode(StackSecrets.self, fromFile: folder.secretsFile)
        ).limited(to: host)
    }

    /// What a host is given: of the secrets those alone that its roles use.
    public func limited(to name: String) -> AppliedHost {
        guard let host = applied.stack.hosts.first(where: { $0.name == name }) else { return self }
        var result = self
        result.secrets = .none
        if host.has(.database) {
            result.secrets.database = secrets.database
        } else if host.has(.app) {
            result.secrets.database.app = secrets.database.app
            result.secrets.database.appRead = secrets.database.appRead
        }
        if host.has(.app) {
            result.secrets.session = secrets.session
            result.secrets.app = secrets.app
        }
        result.secrets.alerts = applied.stack.isMonitor(host) ? secrets.alerts : [:]
        return result
    }

    public func save(host: String, folder: StackFolder) throws {
        try Folders.make(folder.records(host))
        try AtomicFile.write(self, to: folder.appliedFile(host: host))
    }

    /// - Throws: when the host is not in the stack.
    public func host(_ name: String) throws -> Host {
        guard let host = applied.stack.hosts.first(where: { $0.name == name }) else {
            throw StateError("the stack '\(applied.stack.name)' has no host named '\(name)'")
        }
        return host
    }

    public func blueprint(host name: String, folder: StackFolder) throws -> HostBlueprint {
        try HostBlueprint(
            stack: applied.stack, host: host(name), layout: folder.layout(host: name, applied: applied))
    }

    /// For comparing it with another one.
    /// - Parameter newCertificates: certificate files that will have been made anew by then.
    public func version(
        host name: String, folder: StackFolder, newCertificates: Set<String> = []
    ) throws -> HostVersion {
        let secrets = limited(to: name).secrets
        var hashes = secrets.app.reduce(into: [String: String]()) { $0["app.\($1.key)"] = StableHash.hex64($1.value) }
        for (name, value) in secrets.alerts { hashes[name] = StableHash.hex64(value) }
        hashes["database.app"] = StableHash.hex64(secrets.database.app)
        hashes["database.app_read"] = StableHash.hex64(secrets.database.appRead)
        return HostVersion(
            blueprint: try blueprint(host: name, folder: folder), secrets: hashes,
            certificates: newCertificates.reduce(into: [:]) { $0[$1] = "new" })
    }
}

extension StackFolder {
    /// What one host was given; see `AppliedHost`. Holds secrets.
    func appliedFile(host: String) -> String { "\(records(host))/applied.json" }
}

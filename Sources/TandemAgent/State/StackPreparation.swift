import Foundation
import Glibc
public import TandemBlueprint
public import TandemStack
import TandemTopology

/// Puts on disk what the agents need before they start: folders, secrets, certificates, the stack itself. Starts
/// nothing.
public struct StackPreparation: Sendable {
    public var stack: Stack
    /// Absolute.
    public var stackFile: String
    public var folder: StackFolder
    public var programs: Layout.Programs
    public var versions: [String: String]
    /// Secrets that the operator's machine has read (`Stack.secretSources`); nil: this process reads them, from where
    /// the stack file says.
    public var givenSecrets: [String: String]?

    public init(
        stack: Stack, stackFile: String, folder: StackFolder, programs: Layout.Programs,
        versions: [String: String]
    ) {
        self.stack = stack
        self.stackFile = stackFile
        self.folder = folder
        self.programs = programs
        self.versions = versions
    }

    /// The stack as it will run. A front port that the file does not fix stays what it was the last time.
    public var applied: AppliedStack {
        var stack = stack
        if let last = try? JSONText.decode(AppliedStack.self, fromFile: folder.appliedFile) {
            Self.keep(last.stack.balancer.httpPort, in: &stack.balancer.httpPort)
            Self.keep(last.stack.balancer.httpsPort, in: &stack.balancer.httpsPort)
        }
        return AppliedStack(
            stack: stack, stackFile: stackFile, programs: programs, versions: versions,
            front: stack.isOnThisMachine ? Layout.Front() : nil, hasAppAccount: stack.isOnThisMachine ? nil : true)
    }

    private static func keep(_ last: Port, in port: inout Port) {
        if !port.isFixed, !last.isFixed { port.number = last.number }
    }

    public func makeFolders() throws {
        try Folders.make(folder.path)
        try Folders.make(folder.hostsFolder)
        try Folders.make("\(folder.path)/run")
        try Folders.makePrivate(folder.socketRoot)
        for host in stack.hosts {
            try Folders.make(folder.host(host.name))
            try Folders.make(folder.records(host.name))
            try Folders.make(folder.logs(host.name))
            try Folders.make(folder.sockets(host.name))
        }
    }

    /// Refuses to take over the data of another stack file that happens to use the same name.
    public func checkOrigin() throws { try folder.checkOrigin(stack: stack.name, stackFile: stackFile) }

    /// Refuses to start a stack whose agents could not tell which host is the primary.
    public func checkPrimary() throws {
        let hosts = stack.hosts(.database).map(\.name)
        let last = PlacementRecord.all(in: folder).max { $0.epoch < $1.epoch }?.primary
        if let last, !hosts.contains(last), folder.hasData {
            throw StateError(
                "\(last) was the primary when '\(stack.name)' last ran, and the stack file gives it no database any "
                    + "more.\nThe stack can only start with its last primary. Put it back into the stack file, `tandem up`, hand over with "
                    + "`tandem switchover`, and take it out after `tandem down`.")
        }
        let foreign = folder.hostsWithForeignData(stack)
        guard let first = foreign.first else { return }
        let best = last.flatMap { foreign.contains($0) ? $0 : nil } ?? first
        throw StateError(
            "the data of \(foreign.joined(separator: " and ")) is from an earlier version, or was put there by hand: nothing "
                + "says who is its primary.\nTo go on from the data of \(best): tandem up --adopt \(best)\nThe other hosts "
                + "then get what it has. What only they have is exported to a file first. See docs/operations.md")
    }

    /// Orders that the stack go on from one host's data; see `Adoption`. Nothing of it may run.
    public func adopt(dataOf host: String) throws {
        let hosts = stack.hosts(.database).map(\.name)
        guard hosts.contains(host) else {
            throw StateError("\(host) has no database by the stack file; there are: \(hosts.joined(separator: ", "))")
        }
        guard folder.hasData(host) else {
            throw StateError("\(host) has no data to go on from: there is no \(folder.host(host))/data/mysql")
        }
        try Adoption.order(dataOf: host, stack: stack, folder: folder)
    }

    public func writeSecrets(environment: [String: String]) async throws {
        try AtomicFile.write(try await secrets(environment: environment), to: folder.secretsFile)
    }

    /// The stack's secrets as they would be written: passwords stay what they are once made, the app's are read anew.
    public func secrets(environment: [String: String]) async throws -> StackSecrets {
        var secrets = StackSecrets.generate()
        if FileManager.default.fileExists(atPath: folder.secretsFile) {
            secrets = try JSONText.decode(StackSecrets.self, fromFile: folder.secretsFile)
        } else if folder.hasData {
            throw StateError(
                "\(folder.secretsFile) is missing, but there is data that can be opened only with its passwords. "
                    + "Put the file back, or run `tandem destroy` to begin anew.")
        }
        let values =
            if let given = givenSecrets {
                try Self.chosen(
                    stack.secretSources, given: given, last: secrets.app.merging(secrets.alerts) { first, _ in first })
            } else {
                try await SecretSources.read(
                    stack.secretSources, environment: environment, workingDirectory: stack.app.workingDirectory)
            }
        secrets.app = values.filter { stack.app.secrets[$0.key] != nil }
        secrets.alerts = values.filter { stack.app.secrets[$0.key] == nil }
        return secrets
    }

    /// - Parameter last: what one that is not given keeps.
    private static func chosen(
        _ sources: [String: App.SecretSource], given: [String: String], last: [String: String]
    ) throws -> [String: String] {
        var values: [String: String] = [:]
        var problems: [StackFileProblems.Problem] = []
        for name in sources.keys.sorted() {
            guard let value = given[name] ?? last[name] else {
                problems.append(
                    .init(
                        path: SecretSources.place(of: name),
                        message: "secret \(name): it is not set, and the stack has no earlier one"))
                continue
            }
            values[name] = value
        }
        guard problems.isEmpty else { throw StackFileProblems(problems: problems) }
        return values
    }

    /// Certificate files that are about to be made anew.
    public func outdatedCertificates() throws -> Set<String> {
        let applied = applied
        return try StackPKI(stack: applied.stack, folder: folder)
            .outdated(layout: { folder.ownLayout(host: $0.name, applied: applied) }, now: Date())
    }

    /// Why this cannot be taken up without a new authority; see `StackPKI`.
    public func authorityProblem() throws -> String? {
        try StackPKI(stack: applied.stack, folder: folder).authorityProblem()
    }

    @discardableResult
    public func writeCertificates() throws -> StackPKI.Made {
        let applied = applied
        return try StackPKI(stack: applied.stack, folder: folder)
            .ensure(layout: { folder.ownLayout(host: $0.name, applied: applied) }, now: Date())
    }

    /// Writes down what the whole stack is to run from its next start on.
    public func write(_ applied: AppliedStack) throws {
        try AtomicFile.write(applied, to: folder.appliedFile)
        // What hosts were given one by one, in an earlier run, is over.
        let run = "\(folder.path)/run"
        for host in (try? FileManager.default.contentsOfDirectory(atPath: run)) ?? [] {
            try? FileManager.default.removeItem(atPath: folder.appliedFile(host: host))
        }
    }

    /// Writes down which hosts the keeper and the command line are to know of, while they change one by one.
    public static func write(_ applied: AppliedStack, secrets: StackSecrets, folder: StackFolder) throws {
        try AtomicFile.write(secrets, to: folder.secretsFile)
        try AtomicFile.write(applied, to: folder.appliedFile)
    }
}

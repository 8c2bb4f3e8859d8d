import Foundation
import Glibc
public import TandemBlueprint
public import TandemStack
import TandemTopology

/// Puts on disk what the agents need before they start: folders, secrets, certificates, the stack itself. Starts nothing.
public struct StackPreparation: Sendable {
    public var stack: Stack
    /// Absolute.
    public var stackFile: String
    public var folder: StackFolder
    public var programs: Layout.Programs
    public var versions: [String: String]

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
            front: stack.isOnThisMachine ? Layout.Front() : nil)
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

    /// A primary without data beside a replica with data means that somebody removed the wrong folder. Who is primary was written down
    /// when the stack last ran.
    public func checkData() throws {
        guard let placement = PlacementReader(stack: stack, folder: folder, client: nil).recorded,
            !folder.hasData(placement.primary),
            let other = stack.hosts(.database).first(where: { folder.hasData($0.name) })
        else { return }
        let primary = placement.primary
        let data = "\(folder.host(primary))/data/mysql"
        throw StateError(
            "\(primary) is the primary and has no data, but \(other.name) has some.\n"
                + "Starting would begin with an empty database. Put the data of \(primary) back into "
                + "\(data)\(placement.isByFile ? ", or list \(other.name) first in the stack file." : ".")")
    }

    /// Data begins under one kind of failover and stays under it: agents with fixed roles leave no notes beside it, by which those that
    /// decide through etcd would know what it holds.
    public func checkFailover() throws {
        let hosts = stack.hosts(.database).map(\.name)
        if stack.database.failover == .automatic,
            let last = PlacementRecord.all(in: folder).max(by: { $0.epoch < $1.epoch }), !hosts.contains(last.primary)
        {
            throw StateError(
                "\(last.primary) was the primary when '\(stack.name)' last ran, and the stack file gives it no database any "
                    + "more.\nOnly who was the primary may begin. Put it back into the stack file, `tandem up`, hand over with "
                    + "`tandem switchover`, and take it out after `tandem down`.")
        }
        guard folder.hasData, let last = try? JSONText.decode(AppliedStack.self, fromFile: folder.appliedFile),
            last.stack.database.failover != stack.database.failover
        else { return }
        throw StateError(
            "the data of '\(stack.name)' began with `failover: \(last.stack.database.failover.rawValue)`, and the stack file "
                + "now says `failover: \(stack.database.failover.rawValue)`.\nThis version cannot change that for data that is "
                + "there. Put the old value back; or write the data out with `tandem mysqldump`, `tandem destroy` the stack, and "
                + "read the data into the new one.")
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
        secrets.app = try await SecretSources.read(
            stack.app.secrets, environment: environment, workingDirectory: stack.app.workingDirectory)
        return secrets
    }

    /// Certificate files that are about to be made anew.
    public func outdatedCertificates() throws -> Set<String> {
        let applied = applied
        return try StackPKI(stack: applied.stack, folder: folder)
            .outdated(layout: { folder.layout(host: $0.name, applied: applied) }, now: Date())
    }

    /// Why this cannot be taken up without a new authority; see `StackPKI`.
    public func authorityProblem() throws -> String? {
        try StackPKI(stack: applied.stack, folder: folder).authorityProblem()
    }

    @discardableResult
    public func writeCertificates() throws -> StackPKI.Made {
        let applied = applied
        return try StackPKI(stack: applied.stack, folder: folder)
            .ensure(layout: { folder.layout(host: $0.name, applied: applied) }, now: Date())
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

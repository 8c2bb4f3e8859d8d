import CoreFoundation
import Foundation
import Glibc
import Logging
import TandemBlueprint
import TandemServices
import TandemStack

/// `prepare` did not do what it is there for.
struct PreparationFailure: Error, CustomStringConvertible {
    var description: String
}

/// What `app: prepare` names, such as a migration: run once for each version of the app, on the first app host.
///
/// Two never run at once. The command holds the lock itself (flock(2), on a descriptor that it inherits), so the lock
/// is taken for as long as the command or anything that it has started lives, and no longer, whatever becomes of agent
/// and keeper. A command that was running when its agent died is waited for, and run again by the next agent, which
/// does not know how it ended.
struct AppPreparation: Sendable {
    /// Of its log and its record.
    static let name = "prepare"

    var given: AppliedHost
    var host: Host
    var folder: StackFolder
    /// nil: another host's to do, or there is none.
    var service: ServiceBlueprint?
    /// Which versions another host has prepared.
    var preparedOn: @Sendable (Host) async throws -> [String]
    var logger: Logger

    private var app: App { given.applied.stack.app }
    private var lockFile: String { "\(folder.records(host.name))/\(Self.name).lock" }
    private var recordFile: String { "\(folder.records(host.name))/\(Self.name).json" }
    private var logFile: String { "\(folder.logs(host.name))/\(Self.name).log" }
    private static let pollInterval = Duration.milliseconds(200)
    private static let mostWords = 10

    /// Returns once this version is prepared, by us or by the host whose turn it is.
    func ensure(_ waitsFor: @Sendable (String) async -> Void) async throws {
        guard app.prepare != nil else { return }
        let version = Self.version(given)
        while !PreparedVersions.load(folder).contains(version) {
            try Task.checkCancellation()
            guard service == nil else {
                try await run(waitsFor, isForced: false)
                return
            }
            guard let first = given.applied.stack.hosts(.app).first else { return }
            await waitsFor("waiting for `prepare` on \(first.name)")
            // On hosts of their own each has a record of its own.
            if let there = try? await preparedOn(first), there.contains(version) {
                try PreparedVersions.add(version, folder)
                return
            }
            try await Task.sleep(for: Self.pollInterval)
        }
    }

    /// - Parameter isForced: run the command, whether this version was prepared before or not.
    func run(_ waitsFor: @Sendable (String) async -> Void = { _ in }, isForced: Bool = true) async throws {
        guard let service else { return }
        let lock = try await takeLock(waitsFor)
        // The command has a copy, which alone is left when we die. Not unlocked: that would unlock the copy too.
        defer { close(lock) }
        // Another instance on this host may have been faster.
        if !isForced, PreparedVersions.load(folder).contains(Self.version(given)) { return }
        await waitsFor("running `prepare`: \(app.prepare ?? "")")
        let mark = LogTail.end(of: logFile)
        logger.info("running prepare")
        let process = try await RunningProcess.launch(specification(service, lock: lock)) { [recordFile] identity in
            let record = ServiceRecord(
                identity: identity, since: Date().iso8601, restarts: 0, fingerprint: "",
                stop: .init(signal: SIGKILL, boundSeconds: 1))
            try AtomicFile.write(record, to: recordFile)
        }
        let bound = Duration.seconds(app.prepareTimeoutSeconds)
        let isInTime = await process.endsWithin(bound)
        if !isInTime {
            // Of an agent that ends, or begins anew, the command goes on; the next one waits for it.
            try Task.checkCancellation()
            await process.stop(signal: SIGTERM, bound: .seconds(2))
        }
        let ending = await process.waitForEnd() ?? .unknown
        // What it left behind would go on holding the lock.
        await process.sweep()
        unlink(recordFile)
        guard isInTime, ending == .exited(0) else {
            let what = isInTime ? "\(ending)" : "did not end within \(app.prepareTimeoutSeconds) s (timeouts: prepare)"
            let tail = LogTail.lastLines(of: logFile, count: 40, after: mark)
            let words = LogTail.telling(tail, count: Self.mostWords)
            throw PreparationFailure(
                description: (["`prepare` on \(host.name) \(what):"] + words).joined(separator: "\n"))
        }
        try PreparedVersions.add(Self.version(given), folder)
    }

    private func specification(_ service: ServiceBlueprint, lock: Int32) throws -> ProcessSpecification {
        let layout = folder.layout(host: host.name, applied: given.applied)
        let app = try AppAccount.find(given, host: host.name)
        var specification = try ProcessStarter(
            applied: given.applied, secrets: given.secrets, layout: layout, app: app
        ).specification(service)
        specification.logFile = logFile
        specification.mark = "\(layout.hostFolder) \(Self.name)"
        specification.descriptors = [3: lock]
        return specification
    }

    /// - Returns: a descriptor whose flock is ours.
    private func takeLock(_ waitsFor: @Sendable (String) async -> Void) async throws -> Int32 {
        let descriptor = open(lockFile, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw StateError.file("open the lock", lockFile) }
        let deadline = ContinuousClock.now + .seconds(app.prepareTimeoutSeconds)
        do {
            while flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
                guard errno == EWOULDBLOCK || errno == EINTR else { throw StateError.file("lock", lockFile) }
                // Its own bound is over, and the agent that kept it is gone.
                if ContinuousClock.now > deadline { await ServiceRecord.load(recordFile)?.identity.sweep() }
                await waitsFor("waiting for a `prepare` that was begun earlier")
                try await Task.sleep(for: Self.pollInterval)
            }
        } catch {
            close(descriptor)
            throw error
        }
        return descriptor
    }

    /// What the app is run with. A new build of the same command is a new version too, but nobody can see that: hence
    /// `restart`.
    static func version(_ given: AppliedHost) -> String {
        let app = given.applied.stack.app
        let variables = app.environment.merging(given.secrets.app) { $1 }.sorted { $0.key < $1.key }
        return StableHash.hex64(
            ([app.prepare ?? "", app.run, app.workingDirectory] + variables.map { "\($0.key)=\($0.value)" })
                .joined(separator: "\0"))
    }
}

/// The versions that were prepared since the stack was started.
enum PreparedVersions {
    private static let most = 50

    static func load(_ folder: StackFolder) -> [String] {
        (try? JSONText.decode([String].self, fromFile: folder.preparedFile)) ?? []
    }

    static func add(_ version: String, _ folder: StackFolder) throws {
        let others = load(folder).filter { $0 != version }
        try AtomicFile.write(Array((others + [version]).suffix(most)), to: folder.preparedFile)
    }
}

extension StackFolder {
    var preparedFile: String { "\(path)/prepared.json" }

    /// At a start of the whole stack: its program may be another one than the last time.
    public func forgetPrepared() { unlink(preparedFile) }
}

extension HostAgent {
    /// The versions of the app that were prepared on this host, or on one that it asked.
    nonisolated var prepared: [String] { PreparedVersions.load(folder) }

    func waitForPreparation(_ waitsFor: @Sendable (String) async -> Void) async throws {
        try await preparation(of: given).ensure(waitsFor)
    }

    /// Runs `prepare` for settings that this host is about to get, or has.
    func prepare(_ next: AppliedHost) async throws {
        try await preparation(of: next).run()
    }

    private func preparation(of given: AppliedHost) throws -> AppPreparation {
        let agents = AgentClient(client: client, stack: given.applied.stack.name)
        return AppPreparation(
            given: given, host: host, folder: folder,
            service: try given.blueprint(host: host.name, folder: folder).preparation,
            preparedOn: { try await agents.prepared(on: $0) }, logger: logger)
    }
}

extension AppliedHost {
    /// Whether these settings run another version of the app, which has something to prepare.
    public func needsPreparation(after last: AppliedHost?) -> Bool {
        guard applied.stack.app.prepare != nil else { return false }
        return last.map { AppPreparation.version($0) != AppPreparation.version(self) } ?? true
    }
}

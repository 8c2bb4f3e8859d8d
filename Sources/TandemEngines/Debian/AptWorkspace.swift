import Crypto
import Foundation
import Glibc
import Synchronization

/// An apt with index, cache and settings of its own, for one suite. Nothing of the machine's own apt is changed.
///
/// It lives in the store until its engines are installed, so that an interrupted run finds what it fetched.
struct AptWorkspace: Sendable {
    let suite: Suite
    let configuration: AptConfiguration
    /// Why the index could not be refreshed, where an older one is used instead.
    var staleness: EngineError?
    /// The optional suites that could not be reached, and why.
    var lack: (suites: [String], error: EngineError)?

    static func folder(of suite: Suite, store: String) -> String { "\(store)/apt-\(suite.rawValue)" }

    /// Makes the folder and fetches the suite's index.
    /// - Parameter allowsStale: whether an index from an interrupted run will do if the mirror cannot be reached.
    static func open(
        suite: Suite, store: String, archive: DebianArchive, machine: DebianMachine, allowsStale: Bool,
        progress: @Sendable (EngineProgress) -> Void
    ) async throws -> AptWorkspace {
        progress(.readingIndex(suite: suite.rawValue))
        let all = archive.sources(for: suite, machineMirrors: machine.mirrors)
        func configuration(_ sources: [AptSource]) -> AptConfiguration {
            AptConfiguration(
                folder: folder(of: suite, store: store), sources: sources, keyring: archive.keyring,
                architecture: machine.architecture)
        }
        let place = folder(of: suite, store: store)
        // An update wants what is new now.
        let brought = allowsStale ? try BroughtIndex.read(place) : nil
        if !allowsStale { try removeTree("\(place)/\(BroughtIndex.name)") }
        let full = configuration(brought?.sources ?? all)
        try full.write()
        try await endLeftOver(full)
        if brought != nil {
            progress(.note("using what was brought along of \(suite.rawValue)"))
            return AptWorkspace(suite: suite, configuration: full, staleness: full.insufficient)
        }
        guard let failure = try await full.update() else {
            return AptWorkspace(suite: suite, configuration: full)
        }
        switch Way.after(failure.error.reason, of: failure.sources, allowsStale: allowsStale, hasIndex: full.hasIndex) {
        case .withoutThem:
            let names = failure.sources.map(\.suite).joined(separator: ", ")
            progress(.note("\(names) cannot be reached; going on without its updates"))
            let reduced = configuration(all.filter { !failure.sources.contains($0) })
            try reduced.write()
            guard let second = try await reduced.update() else {
                return AptWorkspace(
                    suite: suite, configuration: reduced, lack: (failure.sources.map(\.suite), failure.error))
            }
            throw second.error
        case .stale:
            progress(.note("the mirror cannot be reached; trying what an earlier run fetched"))
            return AptWorkspace(suite: suite, configuration: full, staleness: failure.error)
        case .none: throw failure.error
        }
    }

    /// How an index that could not be refreshed is done without. Only a network may fail: a wrong signature, of
    /// whichever source, is never gone around.
    enum Way: Equatable {
        /// Without the optional sources that failed.
        case withoutThem
        /// With the index of an interrupted run.
        case stale
        /// Not at all.
        case none

        static func after(
            _ reason: EngineError.Reason, of sources: [AptSource], allowsStale: Bool, hasIndex: Bool
        ) -> Way {
            guard reason == .network else { return .none }
            if !sources.isEmpty, sources.allSatisfy(\.isOptional) { return .withoutThem }
            return allowsStale && hasIndex ? .stale : .none
        }
    }

    /// What has to be installed for the given packages, with all they need.
    func plan(_ packages: [String]) async throws -> [PlannedPackage] {
        let outcome = try await configuration.apt(
            ["install", "-y", "-qq", "--print-uris", "-o", "Dir::Cache::archives=\(configuration.nothing)"] + packages)
        let plan = try AptOutput.plan(outcome.output, sources: configuration.sources)
        guard outcome.isSuccess, !plan.isEmpty else {
            throw staleness
                ?? EngineError(
                    .packages, doing: "find \(packages.joined(separator: ", ")) in Debian's \(suite.rawValue)",
                    what: AptOutput.complaints(outcome.errors).joined(separator: "\n"),
                    next: """
                        The mirror may be in the middle of an update: try again in an hour. Or name this machine's own \
                        programs under `engines:` in the stack file.
                        """)
        }
        return plan
    }

    /// The packages of a plan that have still to be fetched. Files that are not what the index says are deleted.
    func missing(of plan: [PlannedPackage]) throws -> [PlannedPackage] {
        try plan.filter { package in
            let path = "\(configuration.archives)/\(package.fileName)"
            guard access(path, F_OK) == 0 else { return true }
            if try sha256(ofFile: path) == package.record.sha256 { return false }
            try removeTree(path)
            return true
        }
    }

    /// Fetches packages, with what they need, into the archive folder, and checks every file of the plan.
    func fetch(
        _ packages: [String], plan: [PlannedPackage], missing: [PlannedPackage], engine: Engine,
        progress: @escaping @Sendable (EngineProgress) -> Void
    ) async throws {
        if let staleness, !missing.isEmpty { throw staleness }
        guard !missing.isEmpty else { return }
        // apt's order is its own, so what has come is counted.
        let started = Mutex(0)
        let outcome = try await configuration.apt(["install", "-y", "-q", "--download-only"] + packages) { line in
            guard let download = AptOutput.download(line),
                let package = missing.first(where: {
                    $0.record.name == download.name && $0.record.version == download.version
                })
            else { return }
            let index = started.withLock { count in
                count += 1
                return count
            }
            progress(
                .downloading(
                    engine, package: download.name, version: download.version, bytes: package.record.bytes,
                    index: index, count: missing.count))
        }
        guard outcome.isSuccess else { throw configuration.fetchError(outcome.errors) }
        if let wrong = try self.missing(of: plan).first {
            throw EngineError(
                .checksum, doing: "fetch \(wrong.record.name) \(wrong.record.version)",
                what: "the file that came is not the one that Debian signed",
                next: "Try again; if it happens again, something between here and the mirror changes files.")
        }
    }

    /// Ends an apt-get that an interrupted run has left behind in this folder: it holds apt's own locks.
    private static func endLeftOver(_ configuration: AptConfiguration) async throws {
        let locks = ["\(configuration.archives)/lock", "\(configuration.lists)/lock"]
        for attempt in 0..<100 {
            let holders = locks.compactMap(recordLockHolder).filter { process in
                (try? String(contentsOfFile: "/proc/\(process)/comm", encoding: .utf8)) == "apt-get\n"
            }
            if holders.isEmpty { return }
            for holder in holders { kill(holder, attempt < 50 ? SIGTERM : SIGKILL) }
            try await Task.sleep(for: .milliseconds(100))
        }
        throw EngineError(
            .locked, doing: "use \(configuration.folder)",
            what: "an apt-get of an interrupted run still works there and cannot be ended",
            next: "End it by hand and try again.")
    }
}

extension AptConfiguration {
    func write() throws {
        for name in ["lists/partial", "archives/partial", "nothing/partial", "cache", "state"] {
            try makeFolder("\(folder)/\(name)")
        }
        try writeFileAtomically("\(folder)/sources.list", Data(sourceList.utf8))
        try writeFileAtomically("\(folder)/status", Data(statusFile.utf8))
        try writeFileAtomically(configurationFile, Data(settings.utf8))
    }

    var hasIndex: Bool { names(in: lists).contains { $0.contains("_Packages") } }

    func apt(
        _ arguments: [String], eachLine: @escaping @Sendable (String) -> Void = { _ in }
    ) async throws -> Command.Outcome {
        // With -c, and not in the environment's APT_CONFIG, which is read before the machine's own settings.
        try await Command("apt-get", ["-c", configurationFile] + arguments, timeout: .seconds(1800))
            .run(eachLine: eachLine)
    }

    /// Fetches the index. Returns what went wrong, and with which sources.
    func update() async throws -> (error: EngineError, sources: [AptSource])? {
        let outcome = try await apt(["update", "-q", "--error-on=any"])
        if outcome.isSuccess { return nil }
        return (fetchError(outcome.errors), AptOutput.failedSources(outcome.errors, among: sources))
    }

    /// Of an index that was brought along and does not do.
    var insufficient: EngineError {
        EngineError(
            .network, doing: "use the packages that were brought along in \(folder)",
            what: "they are not all that is needed",
            next: "Delete \(folder), and run the same command again.")
    }

    func fetchError(_ lines: [String]) -> EngineError {
        let complaints = AptOutput.complaints(lines).joined(separator: "\n")
        if lines.contains(where: AptOutput.isAboutSignature) {
            return EngineError(
                .signature, doing: "trust Debian's package index", what: complaints,
                next: """
                    Nothing was taken. It is not signed with a key in \(keyring): bring that file up to date (package \
                    debian-archive-keyring), and check which mirror and proxy this machine uses.
                    """)
        }
        return EngineError(
            .network, doing: "fetch packages from Debian's archive", what: complaints,
            next: """
                Connect this machine to the network, or set the proxy (http_proxy, or Acquire::http::Proxy in \
                /etc/apt/apt.conf.d), and run the same command again: what was fetched is kept. Or name this machine's \
                own programs under `engines:` in the stack file.
                """)
    }
}

/// The process that holds a record lock on a file, if any.
private func recordLockHolder(_ path: String) -> pid_t? {
    let descriptor = open(path, O_RDWR | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var lock = flock()
    lock.l_type = Int16(F_WRLCK)
    lock.l_whence = Int16(SEEK_SET)
    guard fcntl(descriptor, F_GETLK, &lock) == 0, lock.l_type != Int16(F_UNLCK), lock.l_pid > 0 else { return nil }
    return lock.l_pid
}

/// The SHA-256 of a file in lower-case hexadecimal digits.
func sha256(ofFile path: String) throws -> String {
    guard let file = FileHandle(forReadingAtPath: path) else {
        throw EngineError(
            .folder, doing: "read \(path)", what: systemError(), next: "Give this user the right to read it.")
    }
    defer { try? file.close() }
    var hash = SHA256()
    while let part = try file.read(upToCount: 1 << 20), !part.isEmpty { hash.update(data: part) }
    return hexadecimal(hash.finalize())
}

func hexadecimal(_ digest: SHA256.Digest) -> String {
    digest.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
}

import Crypto
import Foundation

/// Builds one engine's prefix at its final place: a patched prefix cannot be moved.
struct EngineBuild: Sendable {
    let engine: Engine
    let store: String
    let machine: DebianMachine
    let workspace: AptWorkspace
    let plan: [PlannedPackage]
    let account: EngineStore.Account?
    let progress: @Sendable (EngineProgress) -> Void

    /// Needed while a prefix is built, then deleted.
    static let tool = "patchelf"

    /// Plans the build.
    init(
        _ engine: Engine, store: EngineStore, machine: DebianMachine, workspace: AptWorkspace
    ) async throws {
        self.engine = engine
        self.store = store.folder
        self.machine = machine
        self.workspace = workspace
        self.account = store.account
        self.progress = store.progress
        self.plan = try await workspace.plan(Self.packages(of: engine))
    }

    private static func packages(of engine: Engine) -> [String] { engine.recipe.packages + [tool] }

    /// The upstream version of the engine's first package.
    var version: Version {
        get throws {
            let name = engine.recipe.packages[0]
            guard let package = plan.first(where: { $0.record.name == name }),
                let version = Version(debian: package.record.version)
            else {
                throw EngineError(
                    .packages, doing: "find the version of \(name)", what: "apt-get did not name it",
                    next: "Report this together with the output of `apt-get --version`.")
            }
            return version
        }
    }

    /// Named by version and by all packages that go in: an update of a library is another prefix.
    var prefix: String {
        get throws { "\(store)/\(engine.rawValue)-\(try version)-\(Self.fingerprint(of: plan))" }
    }

    static func fingerprint(of plan: [PlannedPackage]) -> String {
        let lines = plan.map { "\($0.record.name) \($0.record.version) \($0.record.sha256)" }.sorted()
        let text = "\(EngineRecipe.revision)\n" + lines.joined(separator: "\n")
        return String(hexadecimal(SHA256.hash(data: Data(text.utf8))).prefix(8))
    }

    /// Fetches the packages that are not here yet.
    func fetch() async throws {
        let missing = try workspace.missing(of: plan)
        let bytes = missing.reduce(0) { $0 + $1.record.bytes }
        progress(.planned(engine, version: "\(try version)", packages: missing.count, bytes: bytes))
        try await workspace.fetch(
            Self.packages(of: engine), plan: plan, missing: missing, engine: engine, progress: progress)
    }

    /// Fetches, unpacks, patches and tries the engine.
    func run() async throws -> EngineRecord {
        let start = ContinuousClock.now
        let prefix = try prefix
        try await fetch()
        try removeTree(prefix)
        progress(.unpacking(engine, packages: plan.count))
        try await unpack(into: prefix)
        progress(.patching(engine))
        try await patch(prefix)
        try prune(prefix)
        progress(.verifying(engine))
        let version = try await verify(prefix)
        try await flush(prefix)
        let record = EngineRecord(
            engine: engine, version: version, prefix: prefix, programs: paths(in: prefix),
            packages: plan.map(\.record).filter { $0.name != Self.tool }, bytes: diskUse(of: prefix),
            installedAt: Date(timeIntervalSince1970: Date().timeIntervalSince1970.rounded(.down)), isCurrent: true)
        progress(.installed(engine, version: version, bytes: record.bytes, took: .now - start))
        return record
    }

    private func paths(in prefix: String) -> [String: String] {
        engine.recipe.programs.merging(engine.recipe.places) { one, _ in one }.mapValues { "\(prefix)/\($0)" }
    }

    private func unpack(into prefix: String) async throws {
        // One tree, as on a system: some packages still have /lib where others have /usr/lib.
        for name in ["bin", "sbin", "lib", "lib64"] {
            try makeFolder("\(prefix)/usr/\(name)")
            try FileManager.default.createSymbolicLink(
                atPath: "\(prefix)/\(name)", withDestinationPath: "usr/\(name)")
        }
        for package in plan {
            let file = "\(workspace.configuration.archives)/\(package.fileName)"
            try await succeed(
                Command("dpkg", ["-x", file, prefix], timeout: .seconds(300)), doing: "unpack \(file)")
        }
    }

    /// Makes the programs use the dynamic loader and the libraries of the prefix, and nothing of the machine's.
    private func patch(_ prefix: String) async throws {
        let libraries = "\(prefix)/usr/lib/\(machine.triplet)"
        let loader = "\(libraries)/\(machine.loader)"
        for program in engine.recipe.programs.values.sorted() {
            let command = Command(
                loader,
                [
                    "--library-path", libraries, "\(prefix)/usr/bin/\(Self.tool)", "--set-interpreter", loader,
                    // Not RUNPATH: it would not hold for the libraries' own libraries.
                    "--force-rpath", "--set-rpath", libraries, "\(prefix)/\(program)",
                ], timeout: .seconds(120))
            try await succeed(command, doing: "bind \(prefix)/\(program) to its libraries")
        }
        for path in engine.recipe.replacedPaths {
            guard let program = engine.recipe.programs[path.program] else { continue }
            try replace(path, in: "\(prefix)/\(program)")
        }
    }

    private func replace(_ path: ReplacedPath, in file: String) throws {
        let url = URL(fileURLWithPath: file)
        var bytes = try Data(contentsOf: url)
        var place = bytes.startIndex
        var count = 0
        while let found = bytes.range(of: Data(path.from.utf8), in: place..<bytes.endIndex) {
            bytes.replaceSubrange(found, with: Data(path.to.utf8))
            place = found.upperBound
            count += 1
        }
        guard count > 0, path.from.utf8.count == path.to.utf8.count else {
            throw EngineError(
                .verification, doing: "bind \(file) to its files", what: "it does not name \(path.from)",
                next: "Debian builds it in another way by now. Report this.")
        }
        // In place, so that it stays what may be run.
        let handle = try FileHandle(forWritingTo: url)
        defer { try? handle.close() }
        try handle.write(contentsOf: bytes)
    }

    /// Runs the programs, with the rights that they will have. Returns the version that the first one tells.
    private func verify(_ prefix: String) async throws -> String {
        var versions: [String: Version] = [:]
        for (key, program) in engine.recipe.programs.sorted(by: { $0.key < $1.key }) {
            guard let probe = ProgramProbe(rawValue: key) else { continue }
            versions[key] = try await probe.version(of: "\(prefix)/\(program)", account: account)
        }
        let server = engine == .mysql ? "mysqld" : engine.rawValue
        guard let version = versions[server] else {
            throw EngineError(
                .verification, doing: "try \(engine.title)", what: "its record names no server program",
                next: "Report this.")
        }
        return version.description
    }

    /// The record must not reach the disk before the files that it speaks of.
    private func flush(_ prefix: String) async throws {
        try await succeed(
            Command("sync", ["--file-system", prefix], timeout: .seconds(300)), doing: "write \(prefix) to the disk")
    }

    private func succeed(_ command: Command, doing: String) async throws {
        let outcome = try await command.run()
        guard outcome.isSuccess else {
            throw EngineError(
                .command, doing: doing,
                what: "\(command.program) ended with \(outcome.ending)\n"
                    + outcome.errors.suffix(3).joined(separator: "\n"),
                next: "Check that the disk is not full, and try again.")
        }
    }
}

import Foundation
import Glibc

/// Fetches the real servers as signed Debian packages into private prefixes, and knows where their programs are.
///
/// Nothing is installed on the machine. Each engine has a prefix of its own under the store's folder,
/// `ENGINE-VERSION-FINGERPRINT`, which no update changes: an update builds another one beside it. What
/// `engines.json` names is installed; anything else in the folder is the remains of an interrupted run.
public struct EngineStore: Sendable {
    /// A user and group of this machine.
    public struct Account: Sendable, Equatable {
        public var userID: UInt32
        public var groupID: UInt32

        public init(userID: UInt32, groupID: UInt32) {
            self.userID = userID
            self.groupID = groupID
        }
    }

    /// Absolute.
    public let folder: String
    /// Who will run the programs, where this process is root; they are tried with its rights. The files belong to
    /// root either way, and everybody may read and run them.
    public let account: Account?
    public let archive: DebianArchive
    /// How long to wait for another run.
    public let lockBound: Duration
    let progress: @Sendable (EngineProgress) -> Void

    public init(
        folder: String, account: Account? = nil, archive: DebianArchive = DebianArchive(),
        lockBound: Duration = .seconds(900), progress: @escaping @Sendable (EngineProgress) -> Void = { _ in }
    ) {
        self.folder = folder.count > 1 && folder.hasSuffix("/") ? String(folder.dropLast()) : folder
        self.account = account
        self.archive = archive
        self.lockBound = lockBound
        self.progress = progress
    }

    /// `TANDEM_ENGINES` if it is set; for root `/var/lib/tandem/engines`; else `tandem/engines` in the user's
    /// cache folder.
    public static func defaultFolder(
        environment: [String: String] = ProcessInfo.processInfo.environment, isRoot: Bool = geteuid() == 0
    ) -> String {
        func absolute(_ name: String) -> String? { environment[name].flatMap { $0.hasPrefix("/") ? $0 : nil } }
        if let folder = absolute("TANDEM_ENGINES") { return folder }
        if isRoot { return rootFolder }
        return (absolute("XDG_CACHE_HOME") ?? "\(absolute("HOME") ?? NSHomeDirectory())/.cache") + "/tandem/engines"
    }

    /// Where root keeps the programs, for itself and for all who have none of their own.
    public static let rootFolder = "/var/lib/tandem/engines"

    /// All that is in the store, also what updates have replaced.
    public func list() throws -> [EngineRecord] { try RecordFile.read(folder: folder).engines }

    /// The programs, or nil if not every engine of a stack is completely installed. Takes milliseconds.
    public func installed() throws -> EngineSet? {
        guard let records = try RecordFile.read(folder: folder).intact(Engine.ofEveryStack) else { return nil }
        return try Self.parts(records).complete()
    }

    /// The programs and places of one engine by the recipe's names, or nil where it is not completely installed.
    public func programs(of engine: Engine) throws -> [String: String]? {
        try RecordFile.read(folder: folder).intact([engine])?.first?.programs
    }

    /// Whether these engines are completely installed.
    public func has(_ engines: [Engine]) throws -> Bool { try RecordFile.read(folder: folder).intact(engines) != nil }

    /// The same where some programs are the machine's own.
    public func installed(own: OwnPrograms) async throws -> EngineSet? {
        guard let records = try RecordFile.read(folder: folder).intact(own.enginesToFetch) else { return nil }
        return try await merge(records, own)
    }

    /// Makes sure that every engine is there, except those that the machine's own programs replace.
    public func install(own: OwnPrograms = OwnPrograms()) async throws -> EngineSet {
        // The machine's own programs are looked at first: an error there should not come after a long download.
        let parts = try await own.inspected(account: account)
        var all = Self.parts(try await install(own.enginesToFetch))
        all.merge(parts)
        return try all.complete()
    }

    /// Makes sure that the given engines are there. A second run takes nothing and only reads the record.
    @discardableResult
    public func install(_ engines: [Engine]) async throws -> [EngineRecord] {
        if let records = try RecordFile.read(folder: folder).intact(engines) { return records }
        return try await locked {
            // Another run may just have done it.
            let file = try RecordFile.read(folder: folder)
            try sweep(file)
            let missing = engines.filter { file.intact([$0]) == nil }
            try await build(missing, allowsStale: true) { engine, build in
                if let known = file.current(engine) {
                    try Self.checkSeries(from: known, to: try build.version, allowsChange: false)
                }
                return true
            }
            guard let records = try RecordFile.read(folder: folder).intact(engines) else {
                throw EngineError(
                    .incomplete, doing: "install the engines", what: "files are missing from \(folder)",
                    next: "Something else deletes files there; stop it and try again.")
            }
            return records
        }
    }

    private func merge(_ records: [EngineRecord], _ own: OwnPrograms) async throws -> EngineSet {
        var all = Self.parts(records)
        all.merge(try await own.inspected(account: account))
        return try all.complete()
    }

    private static func parts(_ records: [EngineRecord]) -> EngineParts {
        records.reduce(into: EngineParts()) { $0.add($1) }
    }
}

import Foundation
import Glibc

/// Writes transactions out of a server's logs into a file that a person can read, judge and apply, before they are
/// thrown away.
public struct TailExport: Sendable {
    /// What the file says of where it comes from.
    public struct Origin: Hashable, Sendable {
        public var stack: String
        public var host: String
        /// Of `state` at the time.
        public var epoch: UInt64
        public var primary: String

        public init(stack: String, host: String, epoch: UInt64, primary: String) {
            self.stack = stack
            self.host = host
            self.epoch = epoch
            self.primary = primary
        }
    }

    public var folder: DataFolder
    /// Where the file is written to; made if it is not there.
    public var exportFolder: String
    /// For what is needed meanwhile; made if it is not there.
    public var temporaryFolder: String
    /// The program of the server's version.
    public var mysqlbinlog: String
    public var origin: Origin

    public init(
        folder: DataFolder, exportFolder: String, temporaryFolder: String, mysqlbinlog: String, origin: Origin
    ) {
        self.folder = folder
        self.exportFolder = exportFolder
        self.temporaryFolder = temporaryFolder
        self.mysqlbinlog = mysqlbinlog
        self.origin = origin
    }

    /// The file is on disk when this returns. It is never put over another one; the same transactions out of the same
    /// host's logs are the same file, which is then left as it is.
    /// - Returns: its path; nil where the transactions are nothing but the agents' heartbeats.
    /// - Throws: where one of them cannot be found, or a log cannot be read; then there is no file.
    public func export(_ transactions: TransactionSet) async throws -> String? {
        guard !transactions.isEmpty else { return nil }
        let folder = folder
        let pieces = try await onThread { try LogPieces.find(transactions, in: folder) }
        let left = transactions.subtracting(pieces.found)
        guard left.isEmpty else {
            throw DataError("cannot export \(left.text): they are whole in no log of \(folder.path)")
        }
        guard !pieces.exported.isEmpty else { return nil }
        let path = "\(exportFolder)/\(name(pieces.exported))"
        var status = stat()
        if lstat(path, &status) == 0 {
            try DurableFile.syncFolder(of: path)
            return path
        }
        let text = try await statements(pieces)
        let head = head(pieces)
        try await onThread { try write(head + text, to: path) }
        return path
    }

    /// Which transactions, in few letters: another set has another name.
    private func name(_ transactions: TransactionSet) -> String {
        let text = transactions.text
        let digest = Array(text.utf8).withUnsafeBytes { Checksum.crc32($0) }
        let first = text.prefix(8)
        return "\(origin.host)-epoch\(origin.epoch)-\(first)-\(transactions.count)-\(String(digest, radix: 16)).sql"
    }

    private func write(_ bytes: [UInt8], to path: String) throws {
        try FileManager.default.createDirectory(
            atPath: exportFolder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        try DurableFile.syncFolder(of: exportFolder)
        try DurableFile.writeNew(path, bytes)
    }

    /// By mysqlbinlog, out of copies that hold these transactions and nothing else: the logs themselves may be torn, or
    /// grow.
    private func statements(_ pieces: LogPieces) async throws -> [UInt8] {
        let work = "\(temporaryFolder)/export-\(UUID().uuidString)"
        try FileManager.default.createDirectory(
            atPath: work, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        defer { try? FileManager.default.removeItem(atPath: work) }
        let copies = try await onThread { try pieces.copy(to: work) }
        let result = "\(work)/statements.sql"
        let tool = Tool(
            command: [
                mysqlbinlog, "--no-defaults", "--verbose", "--skip-gtids", "--print-table-metadata",
                "--result-file=\(result)",
            ] + copies, workingDirectory: work, logFile: "\(work)/words.log", bound: .seconds(1800))
        try await tool.run("export transactions of \(folder.path)")
        return try await onThread {
            guard let text = try DurableFile.read(result, bound: Self.bound) else {
                throw DataError("cannot export transactions of \(folder.path): \(mysqlbinlog) wrote nothing")
            }
            return ReadableStatements.named(text)
        }
    }

    /// What is read into memory at once.
    private static let bound = 1 << 30

    private func head(_ pieces: LogPieces) -> [UInt8] {
        let words = """
            -- Transactions that are on \(origin.host) alone. The primary does not have them, so they are about to be thrown away there.
            --
            -- stack:        \(origin.stack)
            -- host:         \(origin.host)
            -- state:        epoch \(origin.epoch), primary \(origin.primary)
            -- transactions: \(pieces.exported.text)
            -- out of:       \(pieces.paths.joined(separator: ", "))
            -- written:      \(Date().formatted(.iso8601))
            --
            -- Why: \(origin.host) logged or received them before \(origin.primary) took over, which never got them. In a pair no client was told
            -- that they were committed. After a forced change of primary, or of a primary that was alone, clients may have been told.
            --
            -- How to read it: each change of a row stands below as a comment (###), with the names of the columns. What MySQL executes is
            -- the BINLOG statement above it, and for all else the statement itself.
            --
            -- How to apply it: as root of MySQL, on the present primary: mysql --binary-mode < THIS FILE. Take out first what is not wanted,
            -- from one "BEGIN" to the next "COMMIT". It stops at the first conflict: a row that is there already (1062), or no longer
            -- (1032). What came before that is committed. It does NOT see whether a row that it updates or deletes has been changed
            -- meanwhile: compare the values under WHERE with those that are there.


            """
        return Array(words.utf8)
    }
}

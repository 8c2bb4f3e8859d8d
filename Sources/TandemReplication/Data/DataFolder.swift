import Foundation

/// A data directory of mysqld, and what its logs are called: as Tandem's my.cnf has it.
public struct DataFolder: Hashable, Sendable {
    public var path: String
    /// `log_bin`
    public var binaryLog: String
    /// `relay_log`
    public var relayLog: String

    public init(_ path: String, binaryLog: String = "binlog", relayLog: String = "relay") {
        self.path = path
        self.binaryLog = binaryLog
        self.relayLog = relayLog
    }

    func file(_ name: String) -> String { "\(path)/\(name)" }

    var uuidFile: String { file("auto.cnf") }

    /// mysqld works in its data directory. (Its lock on ibdata1 says nothing: it loses it when somebody clones its
    /// data.)
    /// - Parameter doing: what must not be done to data in use, such as `cut the binary log in`.
    func checkServerIsDown(_ doing: String) throws {
        let real = URL(filePath: path).resolvingSymlinksInPath().path
        for pid in try FileManager.default.contentsOfDirectory(atPath: "/proc") where Int32(pid) != nil {
            // Those of other users cannot be looked at; they have no business with this data.
            guard (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(pid)/cwd")) == real,
                (try? String(contentsOfFile: "/proc/\(pid)/comm", encoding: .utf8))?.hasPrefix("mysqld") == true
            else { continue }
            throw DataError("cannot \(doing) \(path): mysqld runs on it, as process \(pid)")
        }
    }

    /// What the binary, relay and redo logs have now is on disk when this returns.
    public func syncLogs() async throws {
        try await onThread {
            let indexes = [binaryLog, relayLog].map { file("\($0).index") }
            let redo = file("#innodb_redo")
            // There from the server's first start on.
            let redoLogs = (try? FileManager.default.contentsOfDirectory(atPath: redo)) ?? []
            for path in try logs(binaryLog) + logs(relayLog) + indexes + redoLogs.map({ "\(redo)/\($0)" }) {
                try DurableFile.sync(path)
            }
            try DurableFile.syncFolder(path)
        }
    }

    /// The paths of a kind's logs, oldest first; empty where none was ever written.
    func logs(_ base: String) throws -> [String] {
        guard let bytes = try DurableFile.read(file("\(base).index"), bound: 16 << 20) else { return [] }
        return bytes.split(separator: UInt8(ascii: "\n")).map { line in
            let entry = String(decoding: line, as: UTF8.self)
            // Written as `./binlog.000001`, or as an absolute path.
            return entry.hasPrefix("/") ? entry : file(entry.hasPrefix("./") ? String(entry.dropFirst(2)) : entry)
        }
    }
}

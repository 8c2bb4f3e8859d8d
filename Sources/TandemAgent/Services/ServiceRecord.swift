import Foundation
import Synchronization
import TandemBlueprint
import TandemServices

/// What an agent remembers of a process, so that the next agent can adopt it.
struct ServiceRecord: Codable, Sendable, Equatable {
    var identity: ProcessIdentity
    /// When it was started, ISO 8601.
    var since: String
    var restarts: Int
    /// The command and files that it was started with; a different one means that it has to be started again.
    var fingerprint: String
    /// What it has read; nil where a version of Tandem that kept no account of it started it.
    var loaded: LoadedFiles? = nil
    /// How it is ended when it has no place in the blueprint any more.
    var stop: ServiceBlueprint.Stop? = nil

    static func load(_ path: String) -> ServiceRecord? {
        FileManager.default.contents(atPath: path).flatMap { try? JSONText.decode(ServiceRecord.self, from: $0) }
    }
}

/// Reads one record again and again: some are looked at several times a second, and change about once a day.
final class RecordReader: Sendable {
    private let path: String
    private let last = Mutex<(data: Data, record: ServiceRecord?)?>(nil)

    init(_ path: String) { self.path = path }

    /// As the file is now.
    var record: ServiceRecord? {
        guard let data = FileManager.default.contents(atPath: path) else { return nil }
        if let last = last.withLock({ $0 }), last.data == data { return last.record }
        let record = try? JSONText.decode(ServiceRecord.self, from: data)
        last.withLock { $0 = (data, record) }
        return record
    }
}

extension Date {
    /// Such as `2026-01-01T00:00:00Z`.
    var iso8601: String { formatted(.iso8601) }
}

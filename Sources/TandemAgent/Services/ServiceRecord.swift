public import Foundation
import Synchronization
import TandemBlueprint
public import TandemServices

/// What an agent remembers of a process, so that the next agent can adopt it.
public struct ServiceRecord: Codable, Sendable, Equatable {
    public var identity: ProcessIdentity
    /// When it was started, ISO 8601.
    var since: String
    var restarts: Int
    /// The command and files that it was started with; a different one means that it has to be started again.
    var fingerprint: String
    /// What it has read; nil where a version of Tandem that kept no account of it started it.
    var loaded: LoadedFiles? = nil
    /// How it is ended when it has no place in the blueprint any more.
    var stop: ServiceBlueprint.Stop? = nil

    /// The name of the file that the keeper records a host's agent in, beside those of its services.
    public static let agentFile = "agent.json"

    public static func load(_ path: String) -> ServiceRecord? {
        FileManager.default.contents(atPath: path).flatMap { try? JSONText.decode(ServiceRecord.self, from: $0) }
    }
}

extension ServiceRecord {
    public init(identity: ProcessIdentity, since: String, restarts: Int, fingerprint: String) {
        self.init(
            identity: identity, since: since, restarts: restarts, fingerprint: fingerprint, loaded: nil, stop: nil)
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
    public var iso8601: String { formatted(.iso8601) }
}

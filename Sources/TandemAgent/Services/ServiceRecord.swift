import Foundation
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
        guard FileManager.default.fileExists(atPath: path) else { return nil }
        return try? JSONText.decode(ServiceRecord.self, fromFile: path)
    }
}

extension Date {
    /// Such as `2026-01-01T00:00:00Z`.
    var iso8601: String { formatted(.iso8601) }
}

import Foundation
import Glibc
import TandemBlueprint
import TandemCoordination

/// What an agent remembers of a run, so that the next agent can go on with it. It is there until etcd has the run's
/// end.
struct JobRecord: Codable, Sendable, Equatable {
    var job: String
    /// As it was claimed.
    var begun: JobRun
    /// With its end, once there is one to be told.
    var ended: JobRun?
    // As they were when it began: the settings may have changed since.
    var timeoutSeconds: Int
    var stop: ServiceBlueprint.Stop
    var logFile: String

    // Not `.json`, which are the records of services.
    private static let suffix = ".run"

    static func names(in folder: String) -> [String] {
        let files = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        return files.filter { $0.hasSuffix(suffix) }.map { String($0.dropLast(suffix.count)) }.sorted()
    }

    /// Those in a folder that can be read.
    static func all(in folder: String) -> [JobRecord] {
        names(in: folder).compactMap {
            try? JSONText.decode(JobRecord.self, fromFile: "\(folder)/\($0)\(suffix)")
        }
    }

    func save(in folder: String) throws { try AtomicFile.write(self, to: "\(folder)/\(job)\(Self.suffix)") }

    func remove(from folder: String) { unlink("\(folder)/\(job)\(Self.suffix)") }

    /// How long it may still run. A clock that was set back gives it no more than its whole time.
    func secondsLeft(at now: Int) -> Int { min(timeoutSeconds, max(0, begun.began + timeoutSeconds - now)) }

    /// Writes a line of the agent's into the job's own log.
    func say(_ words: String) { OwnLine.write("\(job) \(words)", to: logFile) }
}

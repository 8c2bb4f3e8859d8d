import CoreFoundation
import Foundation
import Glibc

/// A line of the agent's in the log of a program that it runs.
enum OwnLine {
    /// A log that cannot be written to is no reason not to go on.
    static func write(_ words: String, to logFile: String) {
        // Programs write to the folder too: a link that one of them put there is not followed.
        let log = open(logFile, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0o600)
        guard log >= 0 else { return }
        defer { close(log) }
        var status = stat()
        guard fstat(log, &status) == 0, status.st_mode & S_IFMT == S_IFREG, status.st_nlink == 1 else { return }
        let line = Array("\(Date().iso8601) tandem: \(words)\n".utf8)
        _ = line.withUnsafeBytes { Glibc.write(log, $0.baseAddress, $0.count) }
    }
}

import Foundation
import Logging

/// How agents and keeper log: one line an event, with an ISO 8601 time, to standard error, which is their log file.
package enum ProcessLog {
    package static func logger(label: String) -> Logger {
        Logger(label: label) { _ in LineHandler() }
    }

    private struct LineHandler: LogHandler {
        var metadata: Logger.Metadata = [:]
        var logLevel = Logger.Level.info

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            let extra = metadata.merging(event.metadata ?? [:]) { _, new in new }.sorted { $0.key < $1.key }
                .map { " \($0.key)=\($0.value)" }.joined()
            let time = Date().formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true))
            Terminal.line("\(time) \(event.level) \(event.message)\(extra)")
        }
    }
}

import Foundation
import Glibc
import Logging
import Synchronization
import TandemBlueprint
import TandemServices

/// Runs the command that is to be run for alerts: a few at once, each within a bound.
///
/// A run that is under way when its agent ends goes on. Its record lets the next agent end it, for Alertmanager has had
/// no answer and sends the message again.
final class AlertCommandRunner: Sendable {
    /// How many run at once; for what comes beyond that, Alertmanager asks again.
    static let most = 4

    let service: ServiceBlueprint
    private let starter: ProcessStarter
    /// The agent's records.
    private let folder: String
    private let bound: Duration
    private let logger: Logger
    private let free = Mutex(Set(1...most))

    init(
        service: ServiceBlueprint, starter: ProcessStarter, folder: String,
        bound: Duration = .seconds(AlertCommand.timeoutSeconds), logger: Logger
    ) {
        self.service = service
        self.starter = starter
        self.folder = folder
        self.bound = bound
        self.logger = logger
    }

    /// Returns when the command has done its work: when it has ended with status 0.
    /// - Parameter body: Alertmanager's JSON, which the command finds on its standard input.
    func run(_ message: AlertMessage, body: [UInt8]) async throws {
        guard let place = free.withLock({ $0.popFirst() }) else {
            throw StateError("\(Self.most) runs of the command for alerts are under way; ask again")
        }
        defer { _ = free.withLock { $0.insert(place) } }
        let record = "\(folder)/\(service.statusName)-\(place).json"
        let process = try await start(message, body, record: record)
        let isInTime = await process.endsWithin(bound)
        // The record stays: see above.
        try Task.checkCancellation()
        if !isInTime { await process.stop(signal: service.stop.signal, bound: .seconds(service.stop.boundSeconds)) }
        let ending = await process.waitForEnd() ?? .unknown
        await process.sweep()
        unlink(record)
        guard isInTime, ending == .exited(0) else {
            let what = isInTime ? "\(ending)" : "did not end within \(bound.components.seconds) s and was ended"
            say(message, what)
            throw StateError("the command for alerts \(what); see: tandem logs \(service.statusName)")
        }
        say(message, "the command has run")
    }

    private func start(_ message: AlertMessage, _ body: [UInt8], record: String) async throws -> RunningProcess {
        let input = try input(body)
        defer { close(input) }
        var specification = try starter.specification(service)
        specification.environment.merge(message.environment) { _, told in told }
        specification.descriptors = [3: input]
        // One for each run: what belongs to one is swept at its end, and others go on.
        specification.mark = specification.mark.map { "\($0) \(UUID().uuidString)" }
        return try await RunningProcess.launch(specification) { [service] identity in
            try AtomicFile.write(
                ServiceRecord(
                    identity: identity, since: Date().iso8601, restarts: 0, fingerprint: "", stop: service.stop),
                to: record)
        }
    }

    /// A file rather than a pipe, which a command that reads nothing would fill. It has lost its name when the command
    /// begins.
    private func input(_ body: [UInt8]) throws -> Int32 {
        let path = "\(starter.layout.temporaryFolder)/alert-\(UUID().uuidString)"
        let file = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard file >= 0 else { throw StateError.file("make", path) }
        unlink(path)
        var written = 0
        while written < body.count {
            let count = body.withUnsafeBytes { write(file, $0.baseAddress.map { $0 + written }, body.count - written) }
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else {
                close(file)
                throw StateError.file("write", path)
            }
            written += count
        }
        lseek(file, 0, SEEK_SET)
        return file
    }

    private func say(_ message: AlertMessage, _ words: String) {
        let status = message.isOver ? "over" : "firing"
        OwnLine.write("\(message.name) (\(status)): \(words)", to: starter.logFile(service))
    }
}

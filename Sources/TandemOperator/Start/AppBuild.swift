import CTandemSystem
import Foundation
import Glibc
import TandemAgent
import TandemServices
import TandemStack

/// Runs `app: build` on this machine, in the app's folder, before its files are used.
package struct AppBuild: Sendable {
    let app: App
    let steps: StepPrinter

    /// Whether the files that a build made before are used as they are.
    var isLeftOut: Bool

    package init(app: App, steps: StepPrinter, isLeftOut: Bool = false) {
        self.app = app
        self.steps = steps
        self.isLeftOut = isLeftOut
    }

    private static let shownLines = 20
    private static let endingSignals = [SIGINT, SIGTERM, SIGHUP]

    /// A signal that would end us ends the build first, with all that it has started.
    /// - Throws: `Failure` unless it has done its work.
    package func run() async throws {
        guard !isLeftOut, let command = app.build else { return }
        try checkOwner()
        let start = ContinuousClock.now
        steps.note("build: \(Terminal.printable(command.split(separator: "\n").joined(separator: "; ")))")
        let log = try Self.makeLog()
        let ending = try await untilInterrupted {
            try await BuildProcess(command: command, folder: app.workingDirectory, log: log)
                .run(bound: .seconds(app.buildTimeoutSeconds))
        }
        guard ending == .exited(0) else { throw failure(command, ending, log) }
        unlink(log)
        steps.done("build", "done", seconds: (ContinuousClock.now - start) / .seconds(1))
    }

    /// Root has become whom the stack file belongs to by now; this is for the folder.
    private func checkOwner() throws {
        var entry = tandem_entry()
        guard geteuid() == 0, tandem_look_at(app.workingDirectory, 1, &entry) == 0, entry.user != 0 else { return }
        let name = PathTrust.name(of: entry.user)
        throw Failure(
            .failed,
            "as root nothing is built in \(app.workingDirectory), which belongs to \(name). Run it as that user: "
                + "runuser -u \(name) -- tandem …")
    }

    /// Nobody else can read it, or have put another file in its place.
    private static func makeLog() throws -> String {
        var template = Array("/tmp/tandem-build-XXXXXX.log".utf8CString)
        let descriptor = mkstemps(&template, 4)
        guard descriptor >= 0 else {
            throw Failure(.failed, "cannot make a file in /tmp: \(String(cString: strerror(errno)))")
        }
        close(descriptor)
        return String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    private func untilInterrupted(
        _ body: @escaping @Sendable () async throws -> BuildProcess.Ending
    ) async throws -> BuildProcess.Ending {
        // From here on they do not end us. Afterwards they mean what they meant before.
        let handlers = Self.endingSignals.map { ($0, signal($0, SIG_IGN)) }
        defer { for (number, handler) in handlers { signal(number, handler) } }
        let signals = StopSignals(Self.endingSignals)
        return try await withThrowingTaskGroup(of: BuildProcess.Ending?.self) { group in
            group.addTask { try await body() }
            group.addTask {
                await signals.wait()
                return nil
            }
            let first = try await group.next() ?? nil
            group.cancelAll()
            if let first { return first }
            // Of the build, which ends for it.
            return (try await group.next() ?? nil) ?? .interrupted
        }
    }

    private func failure(_ command: String, _ ending: BuildProcess.Ending, _ log: String) -> Failure {
        let words = LogTail.telling(LogTail.lastLines(of: log, count: 200), count: Self.shownLines)
        var lines = ["the build (app: build) \(ending.words(app)): \(command)"] + words.map { "    \($0)" }
        lines.append("Nothing was changed. It ran in \(app.workingDirectory), as \(PathTrust.name(of: geteuid())).")
        if access(app.workingDirectory, W_OK) != 0 {
            lines.append(
                "That user may not write there. Build by hand before, or give the project to an ordinary user, as whom the "
                    + "stack then runs")
        }
        lines.append("What was built before starts all the same with: tandem up --no-build")
        if words.isEmpty { unlink(log) } else { lines.append("All that it said: \(log)") }
        return Failure(.failed, lines.joined(separator: "\n"))
    }
}

extension BuildProcess.Ending {
    /// Completes "the build …".
    fileprivate func words(_ app: App) -> String {
        switch self {
        case .exited(let status): "exited with status \(status)"
        case .killed(let signal): "was ended by signal \(signal)"
        case .timedOut: "was not done within \(app.buildTimeoutSeconds) s (timeouts: build) and was ended"
        case .saidTooMuch: "wrote more than \(BuildProcess.mostLogBytes >> 20) MB and was ended"
        case .interrupted: "was interrupted"
        }
    }
}

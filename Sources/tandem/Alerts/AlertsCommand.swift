import ArgumentParser
import Foundation
import TandemAgent
import TandemBlueprint
import TandemOperator
import TandemStack

/// What is wrong, by Prometheus' rules.
struct AlertsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "alerts",
        abstract: "Shows what monitoring finds wrong, silences it, or tries whether alerts arrive.",
        discussion: "For stacks with `monitoring` in their file; see docs/monitoring.md.",
        subcommands: [List.self, SilenceAlert.self, Unsilence.self, Test.self], defaultSubcommand: List.self)

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(commandName: "list", abstract: "Shows what is wrong now.")

        @OptionGroup var project: ProjectOptions
        @OptionGroup var output: FormatOptions

        func run() async throws {
            try await AlertSession.run(file: project.file) { session in
                let report = AlertReport(try await session.alerts(), now: Date())
                try output.write(report) { report.text }
            }
        }
    }

    struct SilenceAlert: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "silence", abstract: "Suppresses notifications of an alert for a time.")

        @Argument(help: "The alert's name, as `tandem alerts` shows it.") var name: String
        @Option(help: "Only where it is about this host.") var host: String?
        @Option(name: .customLong("for"), help: "How long: 30m, 2h.") var time = "1h"
        @Option(help: "Why, for the others.") var why = ""
        @OptionGroup var project: ProjectOptions

        func run() async throws {
            guard let seconds = AlertSession.seconds(time) else {
                throw Failure(.usage, "--for: expected a time such as 30m or 2h, of at most 720h, found '\(time)'")
            }
            try await AlertSession.run(file: project.file) { session in
                try session.checkName(name)
                try session.checkHost(host)
                var matchers = [Silence.Matcher(name: "alertname", value: name)]
                if let host { matchers.append(.init(name: "host", value: host)) }
                let now = Date()
                let end = now.addingTimeInterval(Double(seconds))
                let user = ProcessInfo.processInfo.environment["USER"] ?? ""
                _ = try await session.onFirst { client, monitor in
                    try await client.add(
                        .init(
                            matchers: matchers, startsAt: now, endsAt: end, createdBy: user.isEmpty ? "tandem" : user,
                            comment: why.isEmpty ? "tandem alerts silence" : why), on: monitor)
                }
                print("\(name)\(host.map { " of \($0)" } ?? "") is silenced until \(end.formatted(.iso8601)).")
            }
        }
    }

    struct Unsilence: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "unsilence", abstract: "Ends an alert's silences.")

        @Argument(help: "The alert's name.") var name: String
        @OptionGroup var project: ProjectOptions

        func run() async throws {
            try await AlertSession.run(file: project.file) { session in
                try session.checkName(name)
                let count = try await session.onFirst { client, monitor in
                    let silences = try await client.silences(of: monitor).filter { silence in
                        silence.status.state != "expired"
                            && silence.matchers.contains { $0.name == "alertname" && $0.value == name }
                    }
                    for silence in silences { try await client.removeSilence(silence.id, on: monitor) }
                    return silences.count
                }
                guard count > 0 else { throw Failure(.failed, "\(name) is not silenced") }
                print("\(name) is told again.")
            }
        }
    }

    struct Test: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "test", abstract: "Sends an alert for real, and says where it arrived.",
            discussion: "Exit status 1 where it did not arrive by every way that the stack file names.")

        @OptionGroup var project: ProjectOptions

        func run() async throws {
            try await AlertSession.run(file: project.file) { session in try await AlertTrial(session: session).run() }
        }
    }
}

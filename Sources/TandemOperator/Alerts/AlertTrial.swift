import Foundation
import TandemAgent
import TandemBlueprint
import TandemServices
import TandemStack

/// Sends one alert for real, and says where it arrived.
package struct AlertTrial {
    let session: AlertSession

    package init(session: AlertSession) { self.session = session }

    private static let patience = Duration.seconds(30)

    /// The ways by which the stack file has people told, as Alertmanager calls them.
    static func ways(_ receivers: AlertReceivers) -> [String] {
        [
            receivers.webhook == nil ? nil : "webhook", receivers.slack == nil ? nil : "slack",
            receivers.mail == nil ? nil : "email", receivers.command == nil ? nil : Attempts.command,
        ].compactMap(\.self)
    }

    /// How far a trial has come by one way.
    enum Outcome: Equatable {
        case waiting
        case arrived
        /// Attempts were made, and none of them was taken.
        case refused(attempts: Int)

        init(before: Attempts, now: Attempts) {
            let made = now.made - before.made
            let failed = now.failed - before.failed
            self = made - failed > 0 ? .arrived : failed > 0 ? .refused(attempts: failed) : .waiting
        }
    }

    package func run() async throws {
        let receivers = session.stack.monitoring?.alerts ?? AlertReceivers()
        let ways = Self.ways(receivers)
        guard !ways.isEmpty else {
            throw Failure(
                .failed,
                "nobody is told of alerts: name a way under monitoring.alerts in the stack file (webhook, slack, mail or command)"
            )
        }
        let before = await attempts()
        let now = Date()
        // Another one each time: what was told already is not told again.
        let trial = now.formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true))
        var isSent = false
        var last: (any Error)?
        for monitor in session.stack.monitors {
            do {
                try await session.client.send(
                    .init(
                        labels: [
                            "alertname": TestAlert.name, TestAlert.label: trial, "severity": "ticket",
                            "stack": session.stack.name,
                        ],
                        annotations: [
                            "summary":
                                "This is a test by tandem alerts test: alerts of \(session.stack.name) arrive here.",
                            "next": "Nothing.",
                        ], startsAt: now, endsAt: now.addingTimeInterval(60)), to: monitor)
                isSent = true
            } catch {
                last = error
            }
        }
        if let last, !isSent { throw last }
        let deadline = ContinuousClock.now + Self.patience
        var outcomes: [String: Outcome] = [:]
        repeat {
            try await Ticks.next(every: .milliseconds(500))
            let after = await attempts()
            let none = Attempts(made: 0, failed: 0)
            for way in ways { outcomes[way] = Outcome(before: before[way] ?? none, now: after[way] ?? none) }
        } while outcomes.values.contains { $0 != .arrived } && ContinuousClock.now < deadline
        for way in ways { print(Self.text(way, outcomes[way] ?? .waiting)) }
        guard ways.allSatisfy({ outcomes[$0] == .arrived }) else {
            // Among the logs of alertmanager are those of the command.
            throw Failure(.failed, "the test did not arrive by every way. Why: tandem logs alertmanager")
        }
    }

    static func text(_ way: String, _ outcome: Outcome) -> String {
        let name = way == "email" ? "mail" : way
        return switch outcome {
        case .arrived: way == Attempts.command ? "command: has run" : "\(name): arrived"
        case .refused(let attempts) where way == Attempts.command:
            "command: failed (\(attempts) \(attempts == 1 ? "run" : "runs"))"
        case .refused(let attempts): "\(name): not taken (\(attempts) \(attempts == 1 ? "attempt" : "attempts"))"
        case .waiting: "\(name): nothing was sent within \(patience / .seconds(1)) s"
        }
    }

    /// Of all monitors together: one of them sends.
    private func attempts() async -> [String: Attempts] {
        var sums: [String: Attempts] = [:]
        for monitor in session.stack.monitors {
            for (way, attempts) in (try? await session.client.attempts(of: monitor)) ?? [:] {
                sums[way, default: Attempts(made: 0, failed: 0)].made += attempts.made
                sums[way, default: Attempts(made: 0, failed: 0)].failed += attempts.failed
            }
        }
        return sums
    }
}

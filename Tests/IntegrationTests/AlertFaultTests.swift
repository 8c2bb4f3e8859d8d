import Foundation
import Testing

/// Alerts, each by its fault on a running stack. Two hours for all: `TANDEM_TEST_LONG=1 bin/test --filter
/// alertsByDoing`. It prints what docs/monitoring.md says of the seconds.
@Suite(.serialized, .timeLimit(.minutes(100)))
struct AlertFaultTests {
    /// `TANDEM_TEST_FAULTS="crashes errors"` chooses some of them.
    private static var wanted: [String] {
        let chosen = (ProcessInfo.processInfo.environment["TANDEM_TEST_FAULTS"] ?? "").split(separator: " ")
        return chosen.isEmpty
            ? AlertFault.all.filter { !$0.takesLong && !$0.takesAll }.map(\.name) : chosen.map(String.init)
    }

    private static var isLong: Bool { ProcessInfo.processInfo.environment["TANDEM_TEST_LONG"]?.isEmpty == false }

    @Test(
        "each alert that a running stack can be made to have fires on its fault, and ends after it",
        .enabled(if: isLong), arguments: wanted)
    func alertsByDoing(name: String) async throws {
        let fault = try #require(
            AlertFault.all.first { $0.name == name }, "the faults are \(AlertFault.all.map(\.name))")
        let stack = try TrialStack(
            "ital-\(name)", fault.stack,
            head: "balancer: {http_port: 18080, https_port: 18443, max_connections: \(fault.maxConnections)}\n")
        let receiver = try AlertReceiver(folder: stack.folder)
        let stage = AlertStage(stack: stack, receiver: receiver)
        do {
            try stack.write(
                """
                \(fault.stack)
                monitoring: {interval: 5s, alerts: {webhook: '\(receiver.url)/people', slack: '\(receiver.url)/slack'}}
                """)
            try stage.put("faulty_app.py")
            try await stack.succeed("up", "--detach")
            let problems = try await AlertTrial(fault: fault, stage: stage).run()
            #expect(problems.isEmpty, "\(problems.joined(separator: "\n"))")
        } catch {
            try await stage.end()
            throw error
        }
        try await stage.end()
    }
}

/// A fault that can be made on a running stack, and the alerts that are to tell of it.
struct AlertFault {
    typealias Step = (AlertStage) async throws -> Void

    /// The app of most: Conduit, with a job that fails while there is a file `fail`.
    static var conduit: String {
        "app: {run: '\(TrialStack.conduit)', jobs: {digest: {run: 'test ! -e fail', at: \"* * * * *\"}}}"
    }

    /// See Clients/faulty_app.py.
    static let faultyApp = "app: {run: /usr/bin/python3 faulty_app.py}"

    var name: String
    var alerts: [String]
    var what: String
    /// Of the stack file, what the fault needs besides monitoring.
    var stack = Self.conduit
    var maxConnections = 4000
    /// Seconds in which people are to be told.
    var patience = 240
    /// Seconds in which they are to be told that it is over.
    var patienceAfter = 420
    /// Whether it takes an hour, so that it is made only when it is named.
    var takesLong = false
    /// Whether other work on the machine would suffer, so that it is made only when it is named.
    var takesAll = false
    /// What is done before the time is taken.
    var prepare: Step = { _ in }
    var begin: Step
    var end: Step

    static var all: [AlertFault] { ofProcesses + ofApps + ofHosts }
}

/// Makes a fault, and takes the time until people are told, and until they are told that it is over.
private struct AlertTrial {
    let fault: AlertFault
    let stage: AlertStage

    /// - Returns: what people were not told.
    func run() async throws -> [String] {
        try await fault.prepare(stage)
        let before = counts("firing")
        let endedBefore = counts("resolved")
        let began = ContinuousClock.now
        try await fault.begin(stage)
        let fired = try await times(fault.alerts, "firing", since: began, before, patience: fault.patience)
        let healed = ContinuousClock.now
        try await fault.end(stage)
        let ended = try await times(
            Array(fired.keys), "resolved", since: healed, endedBefore, patience: fault.patienceAfter)
        var problems: [String] = []
        for alert in fault.alerts {
            let seconds = [fired[alert], ended[alert]].map { $0.map { "\($0)" } ?? "–" }
            let line = "| \(alert) | \(fault.what) | \(seconds.joined(separator: " | ")) |"
            print(line)
            if fired[alert] == nil || ended[alert] == nil { problems.append(line) }
        }
        return problems
    }

    private func counts(_ status: String) -> [String: Int] {
        Dictionary(uniqueKeysWithValues: fault.alerts.map { ($0, stage.told($0, status)) })
    }

    /// Seconds until people were told of each, as far as they were.
    private func times(
        _ alerts: [String], _ status: String, since start: ContinuousClock.Instant, _ before: [String: Int],
        patience: Int
    ) async throws -> [String: Int] {
        var times: [String: Int] = [:]
        while times.count < alerts.count, ContinuousClock.now < start + .seconds(patience) {
            for alert in alerts where times[alert] == nil && stage.told(alert, status) > before[alert] ?? 0 {
                times[alert] = Int(((ContinuousClock.now - start) / .seconds(1)).rounded())
            }
            try await Task.sleep(for: .milliseconds(500))
        }
        return times
    }
}

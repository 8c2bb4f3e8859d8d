import Foundation
import Testing

/// What operators do each day is no alert. `TANDEM_TEST_QUIET=600 bin/test --filter nothingFalse` takes ten hours; it
/// prints what docs/monitoring.md says of them.
@Suite(.serialized)
struct QuietTests {
    private static let minutes = Int(ProcessInfo.processInfo.environment["TANDEM_TEST_QUIET"] ?? "")

    /// One of each, again and again.
    private static let kinds = [
        "settings", "app", "switchover", "nginx", "haproxy", "settings", "mysql", "router", "app", "etcd",
    ]
    private static let count = 40

    @Test(
        "40 deploys, restarts and planned changes of primary of a stack with visitors tell nobody anything",
        .enabled(if: minutes != nil))
    func nothingFalse() async throws {
        let pause = Duration.seconds(try #require(Self.minutes) * 60) / Self.count
        let stack = try TrialStack("quiet", "", head: "balancer: {http_port: 18090, https_port: 18453}\n")
        let receiver = try AlertReceiver(folder: stack.folder)
        let stage = AlertStage(stack: stack, receiver: receiver)
        func write(_ version: Int) throws {
            try stack.write(
                """
                app: {run: '\(TrialStack.conduit)', env: {VERSION: "\(version)"}, jobs: {digest: {run: 'true', at: "* * * * *"}}}
                monitoring: {alerts: {webhook: '\(receiver.url)/people'}}
                """)
        }
        do {
            try write(0)
            try await stack.succeed("up", "--detach")
            // Somebody would be told.
            try await stack.succeed("alerts", "test")
            let before = receiver.bodies("/people").count
            #expect(before > 0)
            var done: [String: Int] = [:]
            let tally = try await Load(["https://127.0.0.1:18453/api/tags"], pause: .milliseconds(250)).during(
                clients: 2
            ) { load in
                for number in 0..<Self.count {
                    let kind = Self.kinds[number % Self.kinds.count]
                    load.note("\(number): \(kind)")
                    switch kind {
                    case "settings":
                        try write(number + 1)
                        try await stack.succeed("up", "--detach")
                    case "switchover": try await stack.succeed("switchover")
                    default: try await stack.succeed("restart", kind)
                    }
                    done[kind, default: 0] += 1
                    try await Task.sleep(for: pause)
                    // The test itself is over after a while.
                    let told = receiver.bodies("/people").dropFirst(before).filter { !$0.contains("\"TandemTest\"") }
                    #expect(told.isEmpty, "after \(number), \(kind): \(told.joined(separator: "\n"))")
                }
            }
            print(
                "\(done.sorted { $0.key < $1.key }.map { "\($0.value) × \($0.key)" }.joined(separator: ", ")); \(tally)"
            )
            #expect(tally.failed.isEmpty)
            let alerts = try await stack.succeed("alerts", "list")
            print(alerts.output)
        } catch {
            try await stage.end()
            throw error
        }
        try await stage.end()
    }
}

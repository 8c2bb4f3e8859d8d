import Foundation
import StackFuzz
import Testing

@testable import TandemFleet

/// What is done to a stack on hosts of its own again and again, under load: `TANDEM_TEST_HOST_SERIES=20 bin/test
/// --filter HostSeriesTests` on hosts of `bin/lab`. They print what docs/fleet.md says of them.
@Suite(
    "A stack on hosts of its own, again and again", .serialized,
    .enabled(if: LabHosts.folder != nil && LabHosts.rounds != nil, LabHosts.skipped))
struct HostSeriesTests {
    private let stack = LabStack()

    private func write(_ version: Int, connections: Int = 4000) throws {
        let app = "run: 'exec python3 -m http.server --bind \"$HOST\" \"$PORT\"'\nhealth: /"
        let file = try LabStack.file(app: app) + "balancer: {max_connections: \(connections)}\n"
        try stack.write("tandem.yaml", file)
        try stack.write("index.html", "\(version)")
    }

    private func within(_ body: (Int) async throws -> Void) async throws {
        defer { stack.deleteFolder() }
        try await LabHosts.makeUser()
        try write(0)
        try await stack.succeed("up")
        do { try await body(try #require(LabHosts.rounds)) } catch {
            _ = try await stack.tandem("destroy", "--yes")
            throw error
        }
        try await stack.succeed("destroy", "--yes")
    }

    @Test("new releases, and ways back from them: no request fails")
    func releases() async throws {
        try await within { rounds in
            let asked = try await stack.asking(users: 3) {
                for version in 1...rounds {
                    try write(version)
                    try await stack.succeed("up")
                    #expect(try await stack.page() == "\(version)")
                }
                for round in 1...rounds {
                    try await stack.succeed("rollback")
                    #expect(try await stack.page() == "\(round.isMultiple(of: 2) ? rounds : rounds - 1)")
                }
            }
            print(
                "\(rounds) releases and \(rounds) roll-backs: \(asked.answered) GETs answered, \(asked.failed) failed")
            #expect(asked.failed == 0)
            let listed = try await stack.succeed("releases").split(separator: "\n").count { $0.contains("since") }
            #expect(listed == 5)
        }
    }

    /// Both kinds of change at once: a release, and a setting of the balancers. SIGKILL leaves the command no time to
    /// put anything right.
    @Test("the command line is killed in the middle of a change: hosts are whole, and the next one finishes")
    func kills() async throws {
        try await within { rounds in
            let seed = UInt64.random(in: 0 ... .max)
            print("seed \(seed)")
            var random = SeededRandom(seed: seed)
            var killed = 0
            var longest = 8.0
            let asked = try await stack.asking {
                for round in 1...rounds {
                    try write(round, connections: 4000 + round)
                    let seconds = Double.random(in: 0.05...longest, using: &random)
                    let start = ContinuousClock.now
                    let outcome = try await BoundedCommand(
                        program: "timeout",
                        arguments: [
                            "--signal=KILL", "\(seconds)", "env", "--chdir", stack.folder,
                            "\(try #require(LabHosts.programs))/tandem", "up",
                        ], outputLimitBytes: 1 << 20, limit: .seconds(200)
                    ).run()
                    if outcome.status == 0 {
                        longest = min(longest, (ContinuousClock.now - start) / .seconds(1))
                    } else {
                        killed += 1
                    }
                    let text = try #require(try await stack.page(), "round \(round), after \(seconds) s: no page")
                    #expect(text == "\(round)" || text == "\(round - 1)", "round \(round), after \(seconds) s")
                    let again = try await stack.tandem("up")
                    #expect(again.status == 0, "round \(round), after \(seconds) s: \(again.errors)")
                    #expect(try await stack.page() == "\(round)", "round \(round), after \(seconds) s")
                    #expect(try await stack.isUp(), "round \(round), after \(seconds) s")
                    let plan = try await stack.tandem("plan")
                    #expect(
                        plan.status == 0,
                        "round \(round), after \(seconds) s: \(String(decoding: plan.output, as: UTF8.self))\(plan.errors)"
                    )
                    for host in LabHosts.addresses.keys.sorted() {
                        let failed = try await stack.shell(
                            host, "systemctl list-units --failed --plain --no-legend 'tandem*'")
                        #expect(failed.isEmpty, "\(host), round \(round), after \(seconds) s: \(failed)")
                    }
                }
            }
            print("\(killed) of \(rounds) commands killed: \(asked.answered) GETs answered, \(asked.failed) failed")
            #expect(asked.failed == 0 && killed > rounds / 3)
        }
    }
}

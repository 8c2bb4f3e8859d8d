import Foundation
import StackFuzz
import TandemBlueprint
import TandemStack
import Testing

/// Random stack files, through everything that happens before a program starts. `TANDEM_FUZZ_SECONDS` says for how
/// long.
@Suite struct FuzzTests {
    private static let seconds =
        ProcessInfo.processInfo.environment["TANDEM_FUZZ_SECONDS"].flatMap(Int.init) ?? 12
    /// Failures are alike; the first few say it all.
    private static let failureLimit = 5

    private struct Tally {
        var refused = 0
        var accepted = 0
        var checks: [ServiceName: Int] = [:]
        var failures = 0

        /// So that a run in which everything was refused, or nothing shown to a program, is no success.
        var isWhole: Bool {
            refused > 0 && accepted > 0 && FuzzTests.programs.allSatisfy { checks[$0, default: 0] > 0 }
        }
    }

    private static let programs: [ServiceName] = [.haproxy, .router, .nginx, .mysql]
    /// How much longer it may take until each program was asked: a busy machine shows them few files in a few seconds.
    private static let mostMoreSeconds = 300

    @Test func `whatever a stack file says: errors with a place, or files that the real programs accept`() throws {
        let first = SeededRandom.seedOfThisRun
        print("fuzzing: TANDEM_TEST_SEED=\(first) replays this run of \(Self.seconds) s")
        var tally = Tally()
        var seed = first
        let deadline = ContinuousClock.now + .seconds(Self.seconds)
        let last = deadline + .seconds(Self.mostMoreSeconds)
        while tally.failures < Self.failureLimit,
            ContinuousClock.now < deadline || (!tally.isWhole && ContinuousClock.now < last)
        {
            try tryOne(seed, &tally)
            seed &+= 1
        }
        print("fuzzing: \(tally)")
        #expect(tally.refused > 0 && tally.accepted > 0)
        for service in Self.programs {
            #expect(tally.checks[service, default: 0] > 0, "\(service.rawValue) was never asked")
        }
    }

    private func tryOne(_ seed: UInt64, _ tally: inout Tally) throws {
        var random = SeededRandom(seed: seed)
        var text = StackFileWriter.file(using: &random)
        let isMutated = random.isOneIn(3)
        if isMutated { text = Mutator.mutate(text, using: &random) }
        let folder = random.pick([
            "/srv/shop", "/srv/my (shop) [1]*?~%@!", "/größe 😀", "/" + String(repeating: "d/", count: 80),
        ])
        var problems: [String] = []
        do throws(StackFileErrors) {
            let stack = try StackFile(text: text, name: "tandem.yaml", folder: folder).load()
            tally.accepted += 1
            do {
                // Of broken numbers mysqld alone can know.
                problems = try check(stack, &random, &tally, mayAskMySQL: !isMutated && stack.hasKnownSettings)
            } catch {
                problems = ["\(error)"]
            }
        } catch {
            tally.refused += 1
            let places = error.diagnostics.map { ($0.line, $0.column) }
            if places.isEmpty || places.contains(where: { $0.0 < 1 || $0.1 < 1 }) { problems = ["no place: \(error)"] }
        }
        guard !problems.isEmpty else { return }
        tally.failures += 1
        Issue.record(
            "TANDEM_TEST_SEED=\(seed) begins with this file:\n\(text)\n\(problems.joined(separator: "\n"))")
    }

    /// - Returns: what is wrong.
    private func check(
        _ stack: Stack, _ random: inout SeededRandom, _ tally: inout Tally, mayAskMySQL: Bool
    ) throws -> [String] {
        let layout = Layout(
            hostFolder: "/srv/h", socketFolder: "/run/h", programs: Sample.programs, front: Layout.Front())
        var problems: [String] = []
        for host in stack.hosts {
            let blueprint = try HostBlueprint(stack: stack, host: host, layout: layout)
            for file in blueprint.files
            where try file
                != HostBlueprint(stack: stack, host: host, layout: layout)
                .files.first(where: { $0.path == file.path })
            {
                problems.append("\(file.path) differs from one time to the next")
            }
        }
        // Starting programs takes far longer than all else, and MySQL's most; but a short run asks each once, too.
        let asksMySQL = mayAskMySQL && (random.isOneIn(8) || tally.checks[.mysql] == nil)
        guard random.isOneIn(4) || tally.checks.count < 4 else { return problems }
        let hasFront = random.isOneIn(2)
        let bench = try ProgramBench(stack, hasFront: hasFront, keepsFrontSockets: !hasFront && random.isOneIn(2))
        defer { bench.remove() }
        for host in bench.stack.hosts.shuffled(using: &random).prefix(2) {
            for service in try bench.prepare(host).services where service.name != .mysql || asksMySQL {
                guard let outcome = try bench.check(service) else { continue }
                tally.checks[service.name, default: 0] += 1
                if outcome.status != 0 {
                    problems.append("\(host.name), \(service.name.rawValue) refuses its files:\n\(outcome.output)")
                }
            }
        }
        return problems
    }
}

extension Stack {
    /// Which other settings there are, mysqld alone knows.
    fileprivate var hasKnownSettings: Bool {
        database.settings.keys.allSatisfy { $0.hasPrefix("loose_") || StackFileWriter.settings.contains($0) }
    }
}

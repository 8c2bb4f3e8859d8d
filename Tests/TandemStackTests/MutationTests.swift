import Foundation
import StackFuzz
import Testing

@testable import TandemStack

@Suite("Broken files of every kind")
struct MutationTests {
    @Test("Five thousand mutated files give a valid stack or errors with a place, and never a crash")
    func mutations() throws {
        let seed = SeededRandom.seedOfThisRun
        print("mutations: TANDEM_TEST_SEED=\(seed) replays this run")
        var random = SeededRandom(seed: seed)
        let originals = [smallest, try Reference.text(), Mutator.sample]
        var loaded = 0
        for round in 0..<5000 {
            let text = Mutator.mutate(originals[round % originals.count], using: &random)
            do throws(StackFileErrors) {
                let stack = try StackFile(text: text, name: "tandem.yaml", folder: "/srv/my shop").load()
                loaded += 1
                try check(stack, "seed \(seed), round \(round):\n\(text)")
            } catch {
                check(error, text, "seed \(seed), round \(round):\n\(text)")
            }
        }
        // Some mutations hit a comment or a value that may be anything; if none did, nothing valid was tested.
        #expect((100...4900).contains(loaded), "seed \(seed)")
    }

    private func check(_ stack: Stack, _ comment: Comment) throws(StackFileErrors) {
        let copy = try? JSONDecoder().decode(Stack.self, from: JSONEncoder().encode(stack))
        var applied = stack
        // These are no part of what is applied.
        applied.drill = Drill()
        applied.ssh = SSHAccess()
        #expect(copy == applied, comment)
        #expect(Grammar.isLabel(stack.name, limit: 32) && Grammar.isDomain(stack.domain), comment)
        #expect(Set(stack.hosts.map(\.name)).count == stack.hosts.count, comment)
        #expect(Set(stack.hosts.map(\.address)).count == stack.hosts.count, comment)
        #expect(stack.hosts.allSatisfy { Grammar.isLabel($0.name) && Grammar.isAddress($0.address) }, comment)
        #expect(Role.required.allSatisfy { !stack.hosts($0).isEmpty }, comment)
        #expect(stack.voters.count % 2 == 1 && stack.voters.count <= Stack.mostVoters, comment)
        #expect(Set(stack.hosts.map(\.isOnLoopback)).count == 1, comment)
        #expect(stack.balancer.httpPort.number != stack.balancer.httpsPort.number, comment)
        #expect(Grammar.isURLPath(stack.app.health) && Grammar.isDatabaseName(stack.database.name), comment)
        #expect(
            (Array(stack.app.environment.keys) + Array(stack.app.secrets.keys)).allSatisfy(Grammar.isVariable), comment)
        let engines = stack.engines
        let paths = [stack.web.staticFolder, engines.haproxy, engines.nginx, engines.mysqld, engines.mysql].compactMap {
            $0
        }
        #expect(
            paths.allSatisfy { $0.hasPrefix("/") && !$0.unicodeScalars.contains(where: FilePath.forbidden.contains) },
            comment)
        let generated = paths + stack.database.settings.flatMap { [$0, $1] }
        #expect(
            generated.allSatisfy { $0.unicodeScalars.allSatisfy { $0.properties.generalCategory != .control } }, comment
        )
    }

    private func check(_ errors: StackFileErrors, _ text: String, _ comment: Comment) {
        let places = errors.diagnostics.map { Position(line: $0.line, column: $0.column) }
        #expect(!places.isEmpty && places == places.sorted(), comment)
        let lineCount = text.unicodeScalars.count { $0 == "\n" || $0 == "\r" } + 1
        #expect(places.allSatisfy { (1...lineCount).contains($0.line) && $0.column >= 1 }, comment)
        let messages = errors.diagnostics.map(\.message)
        #expect(messages.allSatisfy { !$0.isEmpty && !$0.unicodeScalars.contains { $0.value < 0x20 } }, comment)
    }
}

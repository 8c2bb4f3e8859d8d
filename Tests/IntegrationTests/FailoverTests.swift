import Foundation
import Glibc
import Testing

/// What `tandem drill --format json` says of what users felt.
private struct Felt: Decodable {
    struct Settlement: Decodable {
        var acknowledged: Int
        var lost: Int
    }
    var verdict: String
    var settlement: Settlement?

    init(_ outcome: Program.Outcome) throws {
        self = try JSONDecoder().decode(Self.self, from: Data(outcome.output.utf8))
    }
}

extension IntegrationTests {
    /// `TANDEM_TEST_FAILOVER=10` strikes so many times.
    private static var strikes: String { ProcessInfo.processInfo.environment["TANDEM_TEST_FAILOVER"] ?? "1" }

    @Test(
        "the partner takes the place of a primary that dies: nothing acknowledged is lost, and the old one returns"
    )
    func failsOver() async throws {
        let stack = try TrialStack("itfailover", "app:\n  run: '\(TrialStack.conduit)'")
        do {
            try await stack.succeed("up", "--detach")
            let points = try await stack.tandem("check", "--no-spof").output
            #expect(!points.contains("it is the primary"), "no process of the database is a single point: \(points)")
            let first = try await stack.status()
            #expect(first.database?.sync == "pair")

            // The healer of each fault would revive nothing that comes back by itself.
            let drill = try await stack.tandem(
                "drill", "--only", "kill server1/mysql, kill server2/mysql", "--repeat", Self.strikes, "--clients", "8",
                "--rate", "50", "--duration", "2", "--format", "json")
            #expect(drill.status == 0, "\(drill)")
            let felt = try Felt(drill)
            let settled = try #require(felt.settlement)
            #expect(felt.verdict == "held" && settled.acknowledged > 20 && settled.lost == 0, "\(drill.output)")
            print("failover: \(settled.acknowledged) writes acknowledged, \(settled.lost) lost")

            // A primary that dies is replaced, not only started again: some host has led in a later epoch.
            let second = try await stack.status()
            #expect(second.database?.sync == "pair" && second.database.map { $0.epoch > 1 } == true, "\(second)")

            // One after the other, each once the pair is whole again.
            let urls = ["\(second.url)/api/articles"]
            let load = try await Load(urls, pause: .milliseconds(20)).during { _ in
                try await stack.succeed("restart", "mysql")
            }
            #expect(load.failed.isEmpty, "\(load)")

            // What was decided is found again.
            let last = try await stack.status()
            try await stack.succeed("down")
            #expect(stack.processes().isEmpty, "\(stack.processes())")
            try await stack.succeed("up", "--detach")
            let again = try await stack.status()
            #expect(again.database?.primary == last.database?.primary && again.database?.sync == "pair")
        } catch {
            try await stack.end()
            throw error
        }
        try await stack.end()
    }

    @Test(
        "nobody leads who may lack writes, until the operator says so; what only the old primary has is in a file when it is back"
    )
    func forced() async throws {
        let stack = try TrialStack("itforced", "app:\n  run: '\(TrialStack.conduit)'")
        do {
            try await stack.succeed("up", "--detach")
            let first = try await stack.status()
            let primary = try #require(first.database?.primary)
            let other = primary == "server1" ? "server2" : "server1"
            let needless = try await stack.tandem("failover", "--force", "--yes")
            #expect(needless.status == 1 && needless.errors.contains("takes over by itself"), "\(needless)")
            #expect(try await stack.tandem("failover").errors.contains("tandem switchover"))

            try await stack.switchOff(other)
            let lonely = try await Article.post("only one server has this", first.url)
            try await stack.switchOff(primary)
            try stack.switchOn(other)
            var why = ""
            for _ in 0..<40 where !why.contains("the primary stands alone") {
                why = "\(try await stack.tandem("why"))"
                try await Task.sleep(for: .milliseconds(250))
            }
            #expect(why.contains("the primary stands alone"), "\(why)")
            #expect(try await stack.status().database?.primary == primary, "nobody takes over by itself: \(why)")
            let unsure = try await stack.tandem("failover", "--force")
            #expect(unsure.status == 2 && unsure.errors.contains("\(primary), which stood alone, has"), "\(unsure)")
            let forced = try await stack.succeed("failover", "--force", "--yes")
            #expect(forced.output.contains("\(other) is the primary now"), "\(forced)")
            let next = try await Article.post("written on the other one", first.url)

            try stack.switchOn(primary)
            let after = try await stack.waitUntilUp { $0.database?.sync == "pair" }
            #expect(after.database?.primary == other)
            let known = try await stack.succeed(
                "mysql", primary, "--", "-N", "-e", "SELECT slug FROM itforced.article"
            ).output.split(separator: "\n").map(String.init)
            #expect(known.contains(next) && !known.contains(lonely), "\(known)")
            let folder = "\(stack.stateFolder)/hosts/\(primary)/data/exports"
            let exports = try FileManager.default.contentsOfDirectory(atPath: folder)
            let texts = exports.map { name in
                String(decoding: FileManager.default.contents(atPath: "\(folder)/\(name)") ?? Data(), as: UTF8.self)
            }
            let ends = texts.map { $0.suffix(2_000) }
            #expect(texts.contains { $0.contains(lonely) && $0.contains(other) }, "\(exports): \(ends)")
            #expect(try await stack.tandem("why").output.contains("exports/"))
            #expect(try await stack.succeed("history", "--format", "json").output.contains("forced"))
        } catch {
            try await stack.end()
            throw error
        }
        try await stack.end()
    }
}

import Foundation
import Testing

extension IntegrationTests {
    /// How many posts are read back; `TANDEM_TEST_POSTS=2000` for the long form.
    private static var posts: Int {
        ProcessInfo.processInfo.environment["TANDEM_TEST_POSTS"].flatMap { Int($0) } ?? 200
    }

    @Test(
        "who posts reads it at once, through either app server, from primary or replica; with the replica standing still too"
    )
    func ownWrites() async throws {
        let stack = try TrialStack("itown", "app:\n  run: '\(TrialStack.conduit)'")
        do {
            try await stack.succeed("up", "--detach")
            let url = try await stack.status().url
            let replicating = try await Visitor.postAndRead(url, count: Self.posts)
            print("own writes: \(replicating)")
            #expect(replicating.stale == 0 && replicating.failed == 0, "\(replicating)")
            #expect(replicating.apps.count == 2, "both app servers answered: \(replicating)")
            let share = Double(replicating.databases["server2"] ?? 0) / Double(Self.posts)
            #expect(share >= 0.4, "the replica answered \(share) of the reads: \(replicating)")

            try await stack.succeed("mysql", "server2", "--", "-e", "STOP REPLICA SQL_THREAD")
            let standing = try await Visitor.postAndRead(url, count: Self.posts / 10)
            print("own writes, replica standing still: \(standing)")
            #expect(standing.stale == 0 && standing.failed == 0, "\(standing)")
        } catch {
            try await stack.end()
            throw error
        }
        try await stack.end()
    }
}

/// One who posts, and looks at once whether it is there.
private enum Visitor {
    struct Tally: CustomStringConvertible {
        var stale = 0
        var failed = 0
        var apps: [String: Int] = [:]
        var databases: [String: Int] = [:]
        var seconds = 0.0

        var description: String {
            "\(stale) stale, \(failed) failed, apps \(apps), databases \(databases), \(seconds) s"
        }
    }

    /// curl's configuration: post, then read what was posted; the cookies go from one to the next.
    static func postAndRead(_ url: String, count: Int) async throws -> Tally {
        let prefix = "own-\(UInt32.random(in: 0 ... .max))"
        let folder = NSTemporaryDirectory()
        let (file, jar) = ("\(folder)/curl-\(prefix)", "\(folder)/cookies-\(prefix)")
        let each = "silent\nshow-error\ninsecure\nhttp1.1\ncookie = \"\(jar)\"\ncookie-jar = \"\(jar)\""
        var lines: [String] = []
        for number in 0..<count {
            let title = "\(prefix)-\(number)"
            if number > 0 { lines.append("next") }
            // The balancers take turns: without this the reads would all go to one app server.
            if number % 2 == 1 {
                lines += [each, "url = \"\(url)/api/tags\"", "output = /dev/null", #"write-out = "extra\n""#, "next"]
            }
            lines += [
                each,
                "url = \"\(url)/api/articles\"", "output = /dev/null", "max-time = 30",
                "header = \"Content-Type: application/json\"",
                #"data = "{\"article\":{\"title\":\"\#(title)\",\"description\":\"d\",\"body\":\"b\"}}""#,
                #"write-out = "post %{http_code}\n""#,
                "next", each,
                "url = \"\(url)/api/articles/\(title)\"", "output = /dev/null", "max-time = 30",
                #"write-out = "read %{http_code} %header{x-served-by} %header{x-database-server}\n""#,
            ]
        }
        try lines.joined(separator: "\n").write(toFile: file, atomically: true, encoding: .utf8)
        defer { for path in [file, jar] { try? FileManager.default.removeItem(atPath: path) } }
        let start = Date()
        let outcome = try await Program.run("curl", ["--config", file])
        var tally = Tally()
        tally.seconds = Date().timeIntervalSince(start)
        for line in outcome.output.split(separator: "\n") {
            let words = line.split(separator: " ").map(String.init)
            if words[0] == "extra" { continue }
            if words[0] == "post" {
                if words[1] != "201" { tally.failed += 1 }
            } else if words[1] == "200", words.count == 4 {
                tally.apps[words[2], default: 0] += 1
                tally.databases[words[3], default: 0] += 1
            } else if words[1] == "404" {
                tally.stale += 1
            } else {
                tally.failed += 1
            }
        }
        return tally
    }
}

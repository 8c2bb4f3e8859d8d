import Foundation
import Testing

extension IntegrationTests {
    @Test("a secret reaches the app and nothing else; watch, top and open show the running stack")
    func verbs() async throws {
        let stack = try TrialStack(
            "itverbs",
            """
            app:
              run: '\(TrialStack.conduit)'
              secrets:
                FROM_ENV: {env: TRIAL_SECRET}
                FROM_FILE: {file: secret}
                FROM_COMMAND: {command: "cat secret && echo fine >&2"}
            """)
        do {
            try await checkMissingSecret(stack)
            let value = "hush-\(UInt64.random(in: 0 ... .max))"
            try Data("\(value)\n".utf8).write(to: URL(fileURLWithPath: "\(stack.folder)/secret"))
            let up = try await stack.succeed("up", "--detach", environment: ["TRIAL_SECRET": value])
            #expect(!"\(up)".contains(value))
            try await checkSecret(value, stack)
            try await checkWatch(stack)
            try await checkTop(stack)
            let status = try await stack.status()
            #expect(try await stack.succeed("open").output == "\(status.url)\n")
        } catch {
            try await stack.end()
            throw error
        }
        try await stack.end()
    }

    private func checkMissingSecret(_ stack: TrialStack) async throws {
        let outcome = try await stack.tandem("up", "--detach")
        #expect(outcome.status == 3)
        #expect(outcome.errors.contains("secret FROM_ENV: the environment variable TRIAL_SECRET is not set"))
        #expect(outcome.errors.contains("secret FROM_FILE: cannot read \(stack.folder)/secret"))
        #expect(outcome.errors.contains("secret FROM_COMMAND: the command `cat secret && echo fine >&2` exited"))
        #expect(stack.processes().isEmpty)
    }

    private func checkSecret(_ value: String, _ stack: TrialStack) async throws {
        let app = try #require(try await stack.status().service("app", on: "server1").pid)
        let environment = String(
            decoding: FileManager.default.contents(atPath: "/proc/\(app)/environ") ?? Data(), as: UTF8.self)
        for name in ["FROM_ENV", "FROM_FILE", "FROM_COMMAND"] {
            #expect(environment.contains("\(name)=\(value)\0"), "\(name)")
        }
        for words in [
            ["status"], ["status", "--format", "json"], ["logs", "--lines", "100000"], ["logs", "agent"], ["render"],
            ["render", "--format", "json"], ["check", "--format", "json"], ["check", "--no-spof"],
        ] {
            let outcome = try await Program.run("\(stack.programs)/tandem", words, folder: stack.folder)
            #expect(!"\(outcome)".contains(value), "tandem \(words.joined(separator: " "))")
        }
        for pid in try FileManager.default.contentsOfDirectory(atPath: "/proc") where Int32(pid) != nil {
            let line = FileManager.default.contents(atPath: "/proc/\(pid)/cmdline") ?? Data()
            #expect(!String(decoding: line, as: UTF8.self).contains(value), "process \(pid)")
        }
        let grep = try await Program.run("grep", ["-rlF", "--", value, stack.stateFolder])
        #expect(grep.output == "\(stack.stateFolder)/secrets.json\n")
        let attributes = try FileManager.default.attributesOfItem(atPath: "\(stack.stateFolder)/secrets.json")
        #expect(attributes[.posixPermissions] as? Int == 0o600)
    }

    private func checkWatch(_ stack: TrialStack) async throws {
        let tandem = "\(stack.programs)/tandem"
        let piped = try await Program.run(
            "timeout", ["--preserve-status", "-s", "INT", "8", tandem, "status", "--watch"], folder: stack.folder)
        #expect(piped.status == 0, "\(piped)")
        let pictures = piped.output.components(separatedBy: "itverbs  up  https://localhost").count - 1
        #expect(pictures >= 2 && !piped.output.contains("\u{1B}"))
        let lines = try await Program.run(
            "timeout", ["--preserve-status", "-s", "INT", "3", tandem, "status", "--watch", "--format", "json"],
            folder: stack.folder)
        for line in lines.output.split(separator: "\n") {
            #expect(try JSONDecoder().decode(Status.self, from: Data(line.utf8)).state == "up")
        }
        // A terminal is given back as it was, with the cursor.
        // Where nothing more can be typed, script(1) types the end, which is shown.
        let watch = "timeout --foreground --preserve-status -s INT 3 '\(tandem)' status --watch"
        let terminal = try await Program.run(
            "sh", ["-c", "sleep 8 | script -qec \"\(watch)\" /dev/null"], folder: stack.folder,
            environment: ["TERM": "xterm"])
        #expect(terminal.status == 0, "\(terminal)")
        let parts = terminal.output.components(separatedBy: "\u{1B}[?1049l")
        #expect(parts.count == 2 && parts[0].hasPrefix("\u{1B}[?1049h\u{1B}[?25l"))
        #expect(parts[0].hasSuffix("\u{1B}[?25h") && parts.last?.contains("itverbs") == true)
    }

    private func checkTop(_ stack: TrialStack) async throws {
        struct Report: Decodable {
            struct Line: Decodable {
                var host: String?
                var service: String
                var requests_per_second: Double?
                var cpu_percent: Double?
                var memory_bytes: Int?
                var role: String?
            }
            var state: String
            var lines: [Line]
        }
        let url = try await stack.status().url
        async let asking = Curl.tally(
            header: "x-served-by", "\(url)/api/articles", count: 3000, protocolOption: "--http1.1")
        let outcome = try await stack.succeed("top", "--interval", "1", "--count", "3", "--format", "json")
        _ = try await asking
        let reports = try outcome.output.split(separator: "\n").map {
            try JSONDecoder().decode(Report.self, from: Data($0.utf8))
        }
        #expect(reports.count == 3)
        let lines = reports.flatMap(\.lines)
        for service in ["front", "haproxy", "nginx", "mysql"] {
            let most = lines.filter { $0.service == service }.compactMap(\.requests_per_second).max()
            #expect(most ?? 0 > 0, "\(service)")
        }
        for service in ["haproxy", "nginx", "app", "router", "mysql"] {
            let own = lines.filter { $0.service == service }
            #expect(own.allSatisfy { ($0.memory_bytes ?? 0) > 1 << 20 && $0.cpu_percent != nil }, "\(service)")
        }
        #expect(lines.contains { $0.host == "server2" && $0.role == "replica" })
    }
}

import Foundation
import Testing

@testable import TandemFleet

/// A stack named `farm` on the lab's hosts, by the command line alone, with its file in a folder of its own.
struct LabStack {
    static let front = "\(LabHosts.network).100"
    let folder = "/tmp/tandem-hosts-\(UUID().uuidString.prefix(8))"

    static let roles = [
        "lb1": "balancer", "lb2": "balancer", "server1": "web, app, database", "server2": "web, app, database",
    ]

    /// - Parameters:
    ///   - app: the keys below `app`.
    ///   - roles: by host.
    static func file(app: String, roles: [String: String] = roles) throws -> String {
        let hosts = roles.sorted { $0.key < $1.key }.map { name, roles in
            "  \(name): {address: \(LabHosts.addresses[name] ?? ""), ssh: \(name), roles: [\(roles)]}"
        }
        return """
            stack: farm
            domain: farm.test
            app:
            \(app.split(separator: "\n").map { "  \($0)" }.joined(separator: "\n"))
            ssh: {config: \(try #require(LabHosts.folder))/ssh_config\(LabHosts.user.map { ", user: \($0)" } ?? "")}
            front: {address: \(front)}
            hosts:
            \(hosts.joined(separator: "\n"))

            """
    }

    func write(_ name: String, _ text: String) throws {
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        try Data(text.utf8).write(to: URL(fileURLWithPath: "\(folder)/\(name)"))
    }

    func deleteFolder() { try? FileManager.default.removeItem(atPath: folder) }

    func tandem(_ words: String..., seconds: Int = 200) async throws -> BoundedCommand.Outcome {
        try await tandem(words, seconds: seconds)
    }

    private func tandem(_ words: [String], seconds: Int) async throws -> BoundedCommand.Outcome {
        try await BoundedCommand(
            program: "env", arguments: ["--chdir", folder, "\(try #require(LabHosts.programs))/tandem"] + words,
            outputLimitBytes: 1 << 24, limit: .seconds(seconds)
        ).run()
    }

    @discardableResult
    func succeed(_ words: String..., sourceLocation: SourceLocation = #_sourceLocation) async throws -> String {
        let outcome = try await tandem(words, seconds: 300)
        let text = String(decoding: outcome.output, as: UTF8.self)
        try #require(
            outcome.status == 0, "\(words.joined(separator: " ")): \(text)\n\(outcome.errors)",
            sourceLocation: sourceLocation)
        return text + outcome.errors
    }

    func eventually(
        _ what: Comment, seconds: Int = 60, sourceLocation: SourceLocation = #_sourceLocation,
        _ condition: () async throws -> Bool
    ) async throws {
        let end = ContinuousClock.now + .seconds(seconds)
        while try await !condition() {
            try #require(ContinuousClock.now < end, what, sourceLocation: sourceLocation)
            try await Task.sleep(for: .milliseconds(100))
        }
    }

    /// What `tandem status --format json` promises.
    struct Status: Decodable {
        struct Database: Decodable {
            var epoch: Int
            var primary: String?
            var sync: String
        }
        var state: String
        var database: Database?
    }

    func status() async throws -> Status? {
        let outcome = try await tandem("status", "--format", "json")
        return try? JSONDecoder().decode(Status.self, from: Data(outcome.output))
    }

    func isUp() async throws -> Bool { try await status()?.state == "up" }

    /// What users see at the front; nil where that is no page.
    func page(_ address: String = front) async throws -> String? {
        let outcome = try await BoundedCommand(
            program: "curl",
            arguments: [
                "--silent", "--insecure", "--max-time", "3", "--fail", "--resolve", "farm.test:443:\(address)",
                "https://farm.test/",
            ], outputLimitBytes: 1 << 16, limit: .seconds(10)
        ).run()
        return outcome.status == 0 ? String(decoding: outcome.output, as: UTF8.self) : nil
    }

    /// Users ask for the page while `body` runs, each with one retry, as browsers have it.
    func asking(users: Int = 2, _ body: () async throws -> Void) async throws -> (answered: Int, failed: Int) {
        let asking = (1...users).map { _ in
            Task {
                var (answered, failed) = (0, 0)
                while !Task.isCancelled {
                    do {
                        if try await page() == nil, try await page() == nil { failed += 1 } else { answered += 1 }
                    } catch is CancellationError {
                        break
                    }
                }
                return (answered, failed)
            }
        }
        do { try await body() } catch {
            for user in asking { user.cancel() }
            throw error
        }
        var total = (answered: 0, failed: 0)
        for user in asking {
            user.cancel()
            let (answered, failed) = try await user.value
            total = (total.answered + answered, total.failed + failed)
        }
        return total
    }

    func shell(_ host: String, _ text: String) async throws -> String {
        try await LabHosts.session(host).run(["/bin/sh", "-c", text]).output
            .trimmingCharacters(in: .whitespacesAndNewlines)
    }
}

import Foundation
import Synchronization
import Testing

/// `tandem open --dashboard`, as a process that goes on.
final class Dashboard: Sendable {
    /// The link, and what the page's stream has told so far.
    private let text = Mutex(Data())
    private let process: Process

    init(_ stack: TrialStack) throws {
        process = Process()
        process.executableURL = URL(fileURLWithPath: "\(stack.programs)/tandem")
        process.arguments = ["open", "--dashboard"]
        process.currentDirectoryURL = URL(fileURLWithPath: stack.folder)
        process.standardError = FileHandle.nullDevice
        let output = Pipe()
        process.standardOutput = output
        output.fileHandleForReading.readabilityHandler = { [weak self] in self?.take($0.availableData) }
        try process.run()
    }

    private func take(_ more: Data) { text.withLock { $0 += more } }

    var link: String? {
        let text = String(decoding: text.withLock { $0 }, as: UTF8.self)
        return text.hasSuffix("\n") ? text.trimmingCharacters(in: .whitespacesAndNewlines) : nil
    }

    /// By SIGKILL: a process that Foundation starts may have all other signals blocked.
    func end() { kill(process.processIdentifier, SIGKILL) }
}

/// What the page is told.
private struct Told: Decodable {
    struct Silence: Decodable { var host: String }
    struct Concern: Decodable { var what: String }
    struct Event: Decodable {
        var kind: String
        var host: String?
        var service: String?
    }
    struct Point: Decodable {
        var at: Int
        var requests: Int?
        var p50: Int?
    }
    var status: Status
    var concerns: [Concern]
    var silent: [Silence]
    var events: [Event]
    var points: [Point]
    var summary: String
}

/// The page's stream, read as a browser does.
private final class Listener: Sendable {
    private let text = Mutex(Data())
    private let process = Process()

    init(_ root: String, cookie: String) throws {
        process.executableURL = URL(fileURLWithPath: "/usr/bin/curl")
        process.arguments = ["-sN", "-H", "Cookie: \(cookie)", "\(root)events"]
        let output = Pipe()
        process.standardOutput = output
        output.fileHandleForReading.readabilityHandler = { [weak self] in self?.take($0.availableData) }
        try process.run()
    }

    private func take(_ more: Data) { text.withLock { $0 += more } }

    private var blocks: [Substring] {
        get throws { String(decoding: text.withLock { $0 }, as: UTF8.self).split(separator: "\n\n").dropLast() }
    }

    /// Waits for a state that has been told since.
    func wait(_ what: Comment, within bound: Duration, _ condition: (Told) -> Bool) async throws -> Told {
        let deadline = ContinuousClock.now + bound
        var last = ""
        while ContinuousClock.now < deadline {
            for block in try blocks.suffix(3).reversed() where block.hasPrefix("event: state\ndata: ") {
                last = String(block.dropFirst("event: state\ndata: ".count))
                let told = try JSONDecoder().decode(Told.self, from: Data(last.utf8))
                if condition(told) { return told }
            }
            try await Task.sleep(for: .milliseconds(100))
        }
        throw Late(description: "\(what) was not told within \(bound); last: \(last.prefix(4_000))")
    }

    struct Late: Error, CustomStringConvertible { var description: String }

    func end() { kill(process.processIdentifier, SIGKILL) }
}

extension IntegrationTests {
    @Test("the live page tells within seconds who is primary after the primary was killed, and that an agent is silent")
    func page() async throws {
        let stack = try TrialStack("itpage", "app:\n  run: '\(TrialStack.conduit)'")
        do {
            try await stack.succeed("up", "--detach")
            let first = try await stack.status()
            let dashboard = try Dashboard(stack)
            defer { dashboard.end() }
            for _ in 0..<200 where dashboard.link == nil { try await Task.sleep(for: .milliseconds(50)) }
            let link = try #require(dashboard.link)
            let entered = try await Curl.get(link)
            let cookie = try #require(entered.headers["set-cookie"]?.split(separator: ";").first.map(String.init))
            let listener = try Listener(String(link.split(separator: "?")[0]), cookie: cookie)
            defer { listener.end() }

            let load = try await Load(["\(first.url)/api/articles"]).during(clients: 4) { _ in
                try await follow(listener, first, stack)
            }
            #expect(load.answered > 0)
        } catch {
            try await stack.end()
            throw error
        }
        try await stack.end()
    }

    private func follow(_ listener: Listener, _ first: Status, _ stack: TrialStack) async throws {
        let well = try await listener.wait("a healthy stack with traffic", within: .seconds(30)) { told in
            told.concerns.isEmpty && told.points.contains { $0.requests.map { $0 > 0 } == true && $0.p50 != nil }
        }
        #expect(well.summary.hasPrefix("Nothing is wrong."))

        let primary = try #require(first.database?.primary)
        let pid = try #require(try await stack.status().service("mysql", on: primary).pid)
        try #require(kill(pid, SIGKILL) == 0)
        let begin = ContinuousClock.now
        let other = try await listener.wait("the new primary", within: .seconds(30)) { told in
            told.status.database.map { $0.primary != primary && $0.epoch > 1 } == true
        }
        print("page: the new primary was told \(ContinuousClock.now - begin) after the old one was killed")
        #expect(other.status.database?.primary != primary)
        _ = try await listener.wait("what happened", within: .seconds(30)) { told in
            told.events.contains { $0.kind == "primary" && $0.host != primary }
                && told.events.contains { $0.kind == "ended" && $0.host == primary && $0.service == "mysql" }
        }

        // Without its key it cannot be started again; an agent that is only killed or frozen is there again within
        // seconds.
        let key = "\(stack.stateFolder)/run/lb2/agent-key.pem"
        try FileManager.default.moveItem(atPath: key, toPath: "\(key).away")
        let agent = try #require(try await stack.status().host("lb2").agent.pid)
        try #require(kill(agent, SIGKILL) == 0)
        let silent = try await listener.wait("a silent agent", within: .seconds(45)) { told in
            told.silent.map(\.host) == ["lb2"]
        }
        #expect(silent.concerns.contains { $0.what.contains("lb2's agent has not answered for") })
        try FileManager.default.moveItem(atPath: "\(key).away", toPath: key)
        _ = try await listener.wait("that it is well again", within: .seconds(60)) { $0.silent.isEmpty }
    }
}

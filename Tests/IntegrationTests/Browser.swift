import Foundation
import Glibc
import Testing

/// A real browser without a window, driven over Chromium's DevTools protocol: JSON messages with NUL between them,
/// through two pipes (`--remote-debugging-pipe`).
final class Browser {
    /// Debian's; nil where there is none.
    static let program: String? = ["chromium", "chromium-browser", "google-chrome"].map { "/usr/bin/\($0)" }
        .first { path in FileManager.default.isExecutableFile(atPath: path) }

    private let process = Process()
    private let commands: Int32
    private let answers: Int32
    private let folder: String
    private var received: [UInt8] = []
    private var number = 0
    /// Of the page.
    private var session: String?
    /// What the page wrote on its console, threw, or was refused by its Content-Security-Policy.
    private(set) var complaints: [String] = []

    /// With a page that shows nothing yet.
    /// - Parameter folder: one that is there, for what the browser keeps.
    init(folder: String) async throws {
        self.folder = "\(folder)/browser"
        try FileManager.default.createDirectory(atPath: self.folder, withIntermediateDirectories: true)
        let (input, output) = ("\(self.folder)/commands", "\(self.folder)/answers")
        for path in [input, output] { try #require(mkfifo(path, 0o600) == 0) }
        // For both directions, so that neither side waits for the other one to open it.
        commands = Glibc.open(input, O_RDWR | O_CLOEXEC)
        answers = Glibc.open(output, O_RDWR | O_CLOEXEC | O_NONBLOCK)
        process.executableURL = URL(fileURLWithPath: "/bin/sh")
        process.arguments = [
            "-c", #"program=$1; shift; exec "$program" "$@" 3< "$HOME/commands" 4> "$HOME/answers""#, "sh",
            try #require(Self.program), "--headless=new", "--remote-debugging-pipe", "--no-sandbox", "--disable-gpu",
            "--disable-dev-shm-usage", "--ignore-certificate-errors", "--no-first-run", "--disable-extensions",
            "--user-data-dir=\(self.folder)/profile", "about:blank",
        ]
        process.environment = ["HOME": self.folder, "PATH": "/usr/bin:/bin", "XDG_RUNTIME_DIR": self.folder]
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        let target: Target = try await send("Target.createTarget", ["url": "about:blank"], within: .seconds(60))
        let attached: Attached = try await send(
            "Target.attachToTarget", ["targetId": target.targetId, "flatten": true])
        session = attached.sessionId
        for domain in ["Page", "Runtime", "Log", "Network"] { let _: Nothing = try await send("\(domain).enable") }
    }

    /// With all that belongs to it.
    func end() {
        kill(process.processIdentifier, SIGKILL)
        // `waitUntilExit` waits for the run loop of a thread that has none.
        for _ in 0..<500 where process.isRunning { usleep(10_000) }
        close(commands)
        close(answers)
        try? FileManager.default.removeItem(atPath: folder)
    }

    func open(_ url: String) async throws { let _: Nothing = try await send("Page.navigate", ["url": url]) }

    /// What an expression is in the page; text, a number or a truth value.
    func value<Value: Decodable>(_ expression: String) async throws -> Value? {
        let answer: Evaluated<Value> = try await send(
            "Runtime.evaluate", ["expression": expression, "returnByValue": true, "awaitPromise": true])
        return answer.result.value
    }

    /// Waits until an expression is true in the page.
    /// - Returns: how long that took.
    func wait(_ what: String, for expression: String, within bound: Duration) async throws -> Duration {
        let begin = ContinuousClock.now
        while ContinuousClock.now - begin < bound {
            if try await value(expression) == true { return ContinuousClock.now - begin }
            try await Task.sleep(for: .milliseconds(20))
        }
        let text: String? = try await value("document.body.innerText")
        throw Failure(description: "the page does not show within \(bound): \(what). It shows: \(text ?? "nothing")")
    }

    struct Failure: Error, CustomStringConvertible { var description: String }

    // MARK: - The protocol

    private struct Nothing: Decodable {}
    private struct Target: Decodable { var targetId: String }
    private struct Attached: Decodable { var sessionId: String }
    private struct Evaluated<Value: Decodable>: Decodable {
        struct Result: Decodable { var value: Value? }
        var result: Result
    }
    private struct Reply<Value: Decodable>: Decodable {
        struct Refusal: Decodable { var message: String }
        var result: Value?
        var error: Refusal?
    }
    private struct Head: Decodable {
        var id: Int?
        var method: String?
    }

    private func send<Value: Decodable>(
        _ method: String, _ parameters: [String: any Sendable] = [:], within bound: Duration = .seconds(20)
    ) async throws -> Value {
        number += 1
        var message: [String: any Sendable] = ["id": number, "method": method, "params": parameters]
        message["sessionId"] = session
        try write(try JSONSerialization.data(withJSONObject: message) + [0])
        let deadline = ContinuousClock.now + bound
        while ContinuousClock.now < deadline {
            while let message = next() {
                let head = try JSONDecoder().decode(Head.self, from: message)
                guard head.id == number else {
                    note(head.method ?? "", message)
                    continue
                }
                let reply = try JSONDecoder().decode(Reply<Value>.self, from: message)
                if let result = reply.result { return result }
                throw Failure(description: "the browser refuses \(method): \(reply.error?.message ?? "no reason")")
            }
            try await Task.sleep(for: .milliseconds(5))
        }
        throw Failure(description: "the browser does not answer \(method) within \(bound)")
    }

    private func write(_ data: Data) throws {
        var rest = Array(data)[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(commands, $0.baseAddress, $0.count) }
            try #require(count > 0)
            rest = rest.dropFirst(count)
        }
    }

    /// The next whole message, if there is one.
    private func next() -> Data? {
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = read(answers, &buffer, buffer.count)
            guard count > 0 else { break }
            received += buffer[..<count]
        }
        guard let end = received.firstIndex(of: 0) else { return nil }
        defer { received.removeSubrange(...end) }
        return Data(received[..<end])
    }

    private func note(_ method: String, _ message: Data) {
        let text = String(decoding: message, as: UTF8.self)
        let isError = text.contains(#""level":"error""#) || text.contains(#""type":"error""#)
        if method == "Runtime.exceptionThrown"
            || (isError && ["Log.entryAdded", "Runtime.consoleAPICalled"].contains(method))
        {
            complaints.append(String(text.prefix(1000)))
        }
    }
}

import Foundation
import Glibc
import Synchronization
import Testing

extension IntegrationTests {
    /// The examples, started at the same moment: Python as we are, from a path of 18 characters; PHP as an ordinary
    /// user (where we are root), from a folder 150 characters deep with a space in its name.
    @Test("two stacks with apps in other languages run at once, and a request in flight outlives its app's SIGTERM")
    func languages() async throws {
        let short = "/tmp/itpy-" + String(UInt32.random(in: 0x1000_0000 ... .max), radix: 16)
        try #require(short.count == 18)
        let python = try TrialStack(example: "PythonNotes", name: "itpython", folder: short)
        let parent = "/tmp/itphp \(UInt32.random(in: 0 ... .max))"
        defer { try? FileManager.default.removeItem(atPath: parent) }
        let deep = parent + "/" + String(repeating: "deep/", count: 26) + "php"
        let php = try TrialStack(example: "PHPNotes", name: "itphp", folder: deep).ofOrdinaryUser(programsIn: parent)
        do {
            async let first = python.succeed("up", "--detach")
            async let second = php.succeed("up", "--detach")
            _ = try await (first, second)
            let states = [try await python.status(), try await php.status()]
            #expect(Set(states.map(\.url)).count == 2)
            for (stack, status) in zip([python, php], states) {
                #expect(status.state == "up")
                try await checkListeners(stack, status)
                try await checkNotes(stack, status)
                try await checkGrace(stack, status)
            }
            try await python.succeed("down")
            #expect(try await Curl.get("\(states[1].url)/notes").status == 200, "the other one goes on")
            #expect(php.processes() != [] && python.processes() == [])
        } catch {
            try await php.end()
            try await python.end()
            throw error
        }
        try await php.end()
        try await python.end()
    }

    private struct Note: Decodable, Equatable {
        var id: Int
        var body: String
    }

    private func checkNotes(_ stack: TrialStack, _ status: Status) async throws {
        let text = "grüße from \(stack.name)"
        for _ in 0..<4 {
            let posted = try await Curl.post("\(status.url)/notes", json: text)
            #expect(posted.status == 201, "\(posted)")
            let note = try JSONDecoder().decode(Note.self, from: Data(posted.body.utf8))
            let found = try await Curl.get("\(status.url)/notes/\(note.id)")
            #expect(try JSONDecoder().decode(Note.self, from: Data(found.body.utf8)) == note)
        }
        // Not the ones above: where the servers take turns, every second request goes to the same one.
        let tally = try await Curl.tally(
            header: "x-served-by", "\(status.url)/notes", count: 40, protocolOption: "--http1.1")
        #expect(Set(tally.keys) == ["server1", "server2"], "\(tally)")
        // What the other one wrote is not here.
        let all = try await Curl.get("\(status.url)/notes")
        #expect(try JSONDecoder().decode([Note].self, from: Data(all.body.utf8)).allSatisfy { $0.body == text })
        #expect(try await Curl.get("\(status.url)/nothing").status == 404)
        #expect(try await Curl.post("\(status.url)/notes", json: String(repeating: "x", count: 70_000)).status == 400)
    }

    /// Both apps get SIGTERM while requests wait for a table that is locked.
    private func checkGrace(_ stack: TrialStack, _ status: Status) async throws {
        async let lock = stack.succeed("mysql", "--", stack.name, "-e", "LOCK TABLES note WRITE; DO SLEEP(3)")
        try await Task.sleep(for: .seconds(1))
        // Not at once: a process of PHP's own server may take a second request while it has one, and drops that at
        // SIGINT.
        let answered = Answered()
        func post(_ text: String) async throws -> Curl.Answer {
            let answer = try await Curl.post("\(status.url)/notes", json: text)
            answered.count.withLock { $0 += 1 }
            return answer
        }
        async let one = post("first")
        try await Task.sleep(for: .milliseconds(300))
        async let two = post("second")
        try await Task.sleep(for: .milliseconds(300))
        async let three = post("third")
        // Until the apps have all of them in their hands. On a machine that is slow to send them the lock may be gone
        // by then.
        let waiting = "SELECT COUNT(*) FROM information_schema.processlist WHERE state LIKE 'Waiting for table%'"
        for _ in 0..<60 {
            let output = try await stack.succeed("mysql", "--", stack.name, "-N", "-e", waiting).output
            let count = Int(output.split(whereSeparator: \.isWhitespace).last ?? "") ?? 0
            if count + answered.count.withLock({ $0 }) >= 3 { break }
            try await Task.sleep(for: .milliseconds(100))
        }
        for host in ["server1", "server2"] {
            let app = try #require(try status.service("app", on: host).pid)
            #expect(kill(-app, SIGTERM) == 0)
        }
        let answers = try await [one, two, three]
        #expect(answers.map(\.status) == [201, 201, 201], "\(answers)")
        _ = try await lock
    }
}

/// How many requests have been answered.
private final class Answered: Sendable {
    let count = Mutex(0)
}

extension TrialStack {
    /// A copy of one of `Examples/`, under another name.
    init(example: String, name: String, folder: String) throws {
        self.name = name
        self.folder = folder
        let source = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("../../Examples/\(example)").standardizedFileURL.path
        try FileManager.default.createDirectory(
            atPath: (folder as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
        try FileManager.default.copyItem(atPath: source, toPath: folder)
        let file = "\(folder)/tandem.yaml"
        let lines = try String(contentsOfFile: file, encoding: .utf8).split(
            separator: "\n", omittingEmptySubsequences: false
        ).map { $0.hasPrefix("stack: ") ? "stack: \(name)" : String($0) }
        try lines.joined(separator: "\n").write(toFile: file, atomically: true, encoding: .utf8)
    }

    /// As root: the same stack as another user's, who runs copies of the programs where that user can reach them.
    func ofOrdinaryUser(_ id: UInt32 = 65534, programsIn folder: String) throws -> TrialStack {
        guard geteuid() == 0 else { return self }
        var stack = self
        try #require(chmod(folder, 0o755) == 0)
        for name in ["tandem", "conduit"] {
            try FileManager.default.copyItem(atPath: "\(programs)/\(name)", toPath: "\(folder)/\(name)")
        }
        stack.programs = folder
        stack.user = (id, id)
        let files = FileManager.default.subpaths(atPath: self.folder) ?? []
        for path in [self.folder] + files.map({ "\(self.folder)/\($0)" }) {
            try #require(chown(path, id, id) == 0)
        }
        return stack
    }
}

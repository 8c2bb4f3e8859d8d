import Foundation
import Glibc
import Testing

extension IntegrationTests {
    /// As an ordinary user, with Debian's Django and gunicorn.
    @Test("the guide for Django leads from an empty folder to a site with logins on both servers")
    func django() async throws {
        let parent = "/tmp/itguide-\(UInt32.random(in: 0 ... .max))"
        defer { try? FileManager.default.removeItem(atPath: parent) }
        let stack = try TrialStack(empty: "itguide", in: parent).ofOrdinaryUser(programsIn: parent)
        // The clone may lie where that user may not go.
        let tests = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        for (name, place) in [("guide.py", "Clients/guide.py"), ("django.md", "../../docs/guides/django.md")] {
            let source = tests.appendingPathComponent(place).standardizedFileURL.path
            try FileManager.default.copyItem(atPath: source, toPath: "\(parent)/\(name)")
            try #require(chmod("\(parent)/\(name)", 0o644) == 0)
        }
        let path = "\(stack.programs):\(ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin")"
        do {
            let outcome = try await Program.run(
                "/usr/bin/python3", ["\(parent)/guide.py", "\(parent)/django.md", stack.name], folder: stack.folder,
                environment: stack.environment(["PATH": path]), user: stack.user)
            #expect(outcome.status == 0 && outcome.output == "", "\(outcome)")
        } catch {
            try await stack.end()
            throw error
        }
        try await stack.end()
    }
}

extension TrialStack {
    fileprivate init(empty name: String, in parent: String) throws {
        self.name = name
        folder = "\(parent)/\(name)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    }
}

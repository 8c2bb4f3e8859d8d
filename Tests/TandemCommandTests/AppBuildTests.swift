import CTandemSystem
import Foundation
import Glibc
import TandemAgent
import TandemBlueprint
import TandemServices
import TandemStack
import Testing

@testable import TandemOperator

@Suite("What is made of an app's folder")
struct AppBuildTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func git(_ words: String...) throws {
        #expect(try ToolRun(["/usr/bin/git", "-C", folder.path] + words).status == 0)
    }

    private func patterns(_ texts: [String]) throws -> [FilePattern] { try texts.map { try FilePattern(parsing: $0) } }

    private func names(_ texts: String...) throws -> [String] {
        try ReleaseFiles(folder: folder.path, patterns: try patterns(texts)).names().sorted()
    }

    /// The names in a tar of the app's files.
    private func packed(
        _ texts: String..., public: [String] = []
    ) throws -> (names: [String], bundle: ReleaseBundle) {
        let bundle = try ReleaseBundle(
            folder: folder.path, stackFile: "\(folder.path)/tandem.yaml", patterns: try patterns(texts),
            publicFolders: `public`)
        let list = try RootTool.run(
            ["/usr/bin/env", "tar", "--list"], capturing: 1 << 20, input: Data(bundle.archive))
        return (String(decoding: list.output, as: UTF8.self).split(separator: "\n").map(String.init), bundle)
    }

    private func build(_ command: String, seconds: Int = 60, in place: String? = nil) async throws {
        var app = Sample.applied().stack.app
        app.workingDirectory = place ?? folder.path
        app.build = command
        app.buildTimeoutSeconds = seconds
        try await AppBuild(app: app, steps: StepPrinter(isSilent: true)).run()
    }

    @Test("is what `app: files` names, whatever git thinks of it")
    func namedFiles() throws {
        for name in [
            "app.py", "dist/site.css", "dist/deep/er.css", "notes.txt", ".tandem/shop/secrets.json", "sub/.git/config",
            "sub/.tandem/x/secrets.json",
        ] {
            try folder.put(name, "x\n")
        }
        try folder.put(".gitignore", "dist\n")
        try git("init", "--quiet")
        symlink("deep", "\(folder.path)/dist/current")
        symlink("/etc", "\(folder.path)/elsewhere")
        mkfifo("\(folder.path)/dist/pipe", 0o600)
        mkdir("\(folder.path)/empty", 0o700)
        #expect(try names("app.py", "dist") == ["app.py", "dist/current", "dist/deep/er.css", "dist/site.css"])
        #expect(try names("**/*.css") == ["dist/deep/er.css", "dist/site.css"])
        #expect(try names(".", "!dist", "!*.txt") == [".gitignore", "app.py", "elsewhere"])
        // Nothing is reached through a link, which is packed as one.
        for odd in ["elsewhere/passwd", "empty", ".git", ".tandem", "dist/pipe"] {
            #expect(throws: Failure.self, "\(odd)") { try names(odd) }
        }
    }

    @Test("is refused where a pattern names nothing")
    func idlePatterns() throws {
        try folder.put("app.py", "x\n")
        let failure = #expect(throws: Failure.self) { try names("app.py", "build", "*.rb") }
        #expect(failure?.message.contains("app.files: no file in \(folder.path) matches 'build', '*.rb'.") == true)
        #expect(failure?.message.contains("app: build") == true)
        let none = #expect(throws: Failure.self) { try names("app.py", "!*") }
        #expect(none?.message.contains("leave out every file") == true)
    }

    @Test("holds what a build made, though git ignores it, and has another name when that is another")
    func builtFiles() async throws {
        try folder.put(".gitignore", "/shop\n/site\n")
        try folder.put("main.c", "one\n")
        try folder.put("tandem.yaml", "stack: shop\n")
        try git("init", "--quiet")
        try git("add", ".")
        try await build("mkdir -p site && cat main.c > shop && chmod 755 shop && touch site/index.html")
        let first = try packed(
            "shop", "site", "tandem.yaml", public: ["\(folder.path)/site", "\(folder.path)/media", "/srv/all"])
        #expect(first.names == ["./shop", "./site/index.html"])
        #expect(first.bundle.notes.count == 1 && first.bundle.notes[0].contains("'media'"))
        let plain = try ReleaseBundle(folder: folder.path, stackFile: "\(folder.path)/tandem.yaml")
        #expect(plain.identifier != first.bundle.identifier && plain.notes.isEmpty)
        try await build("echo two > shop")
        #expect(try packed("shop", "site").bundle.identifier != first.bundle.identifier)
        try await build("cat main.c > shop")
        #expect(try packed("shop", "site").bundle.identifier == first.bundle.identifier)
    }

    @Test(
        "is built in its folder by a shell as its user has one; a build that fails says its status and its last lines"
    )
    func failedBuild() async throws {
        try await build("echo made > made; sh -c 'kill -PIPE $$'; echo $? >> made; umask >> made")
        let mask = umask(0)
        umask(mask)
        let made = try String(contentsOfFile: "\(folder.path)/made", encoding: .utf8)
        #expect(made.hasPrefix("made\n141\n") && made.contains(String(mask, radix: 8)))
        let failed = await #expect(throws: Failure.self) {
            try await build("seq 100; echo shop.go:3: wrong >&2; exit 3")
        }
        let message = try #require(failed?.message)
        #expect(message.hasPrefix("the build (app: build) exited with status 3: seq 100"))
        #expect(message.contains("    100\n    shop.go:3: wrong\n") && !message.contains("    81\n"))
        let log = try #require(message.firstMatch(of: /\/tmp\/tandem-build-\w+\.log/)).output
        #expect(try String(contentsOfFile: String(log), encoding: .utf8).hasPrefix("1\n2\n"))
        unlink(String(log))
        let killed = await #expect(throws: Failure.self) { try await build("kill -9 $$") }
        #expect(killed?.message.contains("was ended by signal 9") == true)
        #expect(killed?.message.contains(".log") == false, "it said nothing")
        let nowhere = await #expect(throws: Failure.self) { try await build("true", in: "\(folder.path)/none") }
        #expect(nowhere?.message.contains("\(folder.path)/none") == true)
        if let log = nowhere?.message.firstMatch(of: /\/tmp\/tandem-build-\w+\.log/)?.output { unlink(String(log)) }
    }

    /// nil while it is not written. Whoever waits for it may look between the making of the file and the number's
    /// coming into it.
    private func pid(_ name: String) -> Int32? {
        let text = (try? String(contentsOfFile: "\(folder.path)/\(name)", encoding: .utf8)) ?? ""
        return Int32(text.trimmingCharacters(in: .whitespacesAndNewlines))
    }

    @Test(
        "a build that takes too long, or that is interrupted, is ended with all that it has started",
        arguments: [true, false])
    func endedBuild(isLate: Bool) async throws {
        // Told first, so that it can put away what is half done; and in a session of its own.
        let command = "trap 'echo told > told; exit 1' TERM; setsid sleep 1003 & echo $! > child; echo $$ > pid; wait"
        // On a busy machine the time may be over before all of it has begun: then it gets more.
        for seconds in isLate ? [1, 5, 25] : [600] where pid("pid") == nil {
            let running = Task { try await build(command, seconds: seconds) }
            if !isLate {
                for _ in 0..<3000 where pid("pid") == nil { try await Task.sleep(for: .milliseconds(20)) }
                running.cancel()
            }
            let failure = await #expect(throws: Failure.self) { try await running.value }
            let words = isLate ? "was not done within \(seconds) s (timeouts: build)" : "was interrupted"
            #expect(failure?.message.contains(words) == true)
        }
        #expect(try String(contentsOfFile: "\(folder.path)/told", encoding: .utf8) == "told\n")
        for name in ["pid", "child"] {
            let begun = try #require(pid(name), "\(name)")
            #expect(ProcessIdentity(pid: begun) == nil, "\(name)")
        }
    }

    @Test(
        "a build is not run by root in a folder of somebody else's", .enabled(if: geteuid() == 0, "only root can try"))
    func othersFolder() async throws {
        try await build("id -u > built")
        #expect(try String(contentsOfFile: "\(folder.path)/built", encoding: .utf8) == "0\n")
        #expect(chown(folder.path, 65_534, 65_534) == 0)
        let failure = await #expect(throws: Failure.self) { try await build("id -u > again") }
        #expect(failure?.message.contains("runuser -u nobody -- tandem") == true)
        #expect(!FileManager.default.fileExists(atPath: "\(folder.path)/again"))
    }

    @Test("a change builds where it starts a process of the app or a worker, and not for other services")
    func changes() {
        func starts(_ service: String, _ step: ChangeStep) -> Bool {
            let change = HostChange(
                host: "server1", kind: .changed,
                services: [
                    ServiceChange(service: "nginx", step: .restart), ServiceChange(service: service, step: step),
                ], files: [])
            return StackChange(hosts: [change]).startsApp
        }
        for name in ["app", "app-2", "mailer"] { #expect(starts(name, .restart) && starts(name, .start), "\(name)") }
        for name in ["mysql", "haproxy", "router"] { #expect(!starts(name, .restart), "\(name)") }
        #expect(!starts("app", .nothing) && !starts("mailer", .stop) && !starts("digest", .refresh))
    }
}

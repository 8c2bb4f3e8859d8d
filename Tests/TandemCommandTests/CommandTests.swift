import Foundation
import Glibc
import Testing

@testable import TandemOperator
@testable import tandem

/// The built program on a small stack file, without anything running.
@Suite("The command line")
struct CommandTests {
    let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
        try folder.put(
            "tandem.yaml", "stack: units-\(UUID().uuidString.prefix(8).lowercased())\napp:\n  run: ./shop serve\n")
    }

    private func run(_ arguments: String..., environment: [String: String] = [:]) throws -> Program.Outcome {
        try Program.run(arguments, in: folder.path, environment: environment)
    }

    @Test("says that options of the program it runs follow `--`", arguments: ["mysql", "mysqldump", "run"])
    func misplacedOptions(_ command: String) throws {
        let folder = try TemporaryFolder()
        let outcome = try Program.run([command, "-x"], in: folder.path)
        #expect(outcome.status == 2)
        #expect(outcome.error.contains("follows `--`, as in: tandem \(command) -- "), "\(outcome)")
        let other = try Program.run(["status", "-x"], in: folder.path)
        #expect(other.status == 2 && !other.error.contains("follows `--`"), "\(other)")
    }

    /// Where the project's scripts lie, and the app that it ships.
    private static let others: [String] = {
        let clone = URL(fileURLWithPath: #filePath).appendingPathComponent("../../..").standardizedFileURL.path
        let scripts = ["bench", "model", "mutants", "setup", "test"].map { "\(clone)/bin/\($0)" }
        return scripts + [(Program.path as NSString).deletingLastPathComponent + "/conduit"]
    }()

    @Test(
        "is not alone in refusing a word that it does not know: so does each program of the project", arguments: others)
    func unknownWords(_ program: String) throws {
        let outcome = try ToolRun([program, "nonsense"])
        #expect(outcome.status == 2 && !outcome.words.isEmpty, "\(outcome)")
    }

    @Test(
        "explains itself on standard output", arguments: [["--help"], ["help"], ["up", "--help"], ["help", "status"]])
    func help(_ arguments: [String]) throws {
        let outcome = try Program.run(arguments, in: folder.path)
        #expect(outcome.status == 0 && outcome.error.isEmpty)
        #expect(outcome.output.contains("USAGE: tandem"))
    }

    @Test("says which exit status means what")
    func statuses() throws {
        #expect(
            try run("--help").output.replacingOccurrences(of: "\n", with: " ").contains(
                "Exit status: 0 fine, 1 failed, 2 usage, 3 the stack file is wrong, 4 not running, 5 there are changes (plan --exit-code)."
            ))
    }

    @Test("tells its version, to programs too")
    func version() throws {
        #expect(try run("version").output == "tandem \(Version.number)\n")
        #expect(try run("--version").output == "\(Version.number)\n")
        let outcome = try run("version", "--format", "json")
        let json = try JSONDecoder().decode([String: String].self, from: Data(outcome.output.utf8))
        #expect(json == ["version": Version.number])
    }

    @Test("knows the command that was meant", arguments: [("stauts", "status"), ("pln", "plan"), ("Up", "up")])
    func misspelt(_ word: String, _ meant: String) throws {
        let outcome = try run(word)
        #expect(outcome.status == 2)
        #expect(
            outcome.error
                == "error: there is no command '\(word)'; did you mean '\(meant)'?\nSee: tandem --help\n")
        #expect(try run("xyzzy").error == "error: there is no command 'xyzzy'\nSee: tandem --help\n")
    }

    @Test(
        "ends with 2 and an explanation on standard error when it is used wrongly",
        arguments: [
            ["fly"], ["status", "--format", "xml"], ["up", "--nowhere"], ["logs", "--lines", "-1"],
            ["logs", "-n", "x"],
            ["docs", "nowhere"], ["engines", "install", "apache"], ["check", "a", "b"],
        ])
    func usage(_ arguments: [String]) throws {
        let outcome = try Program.run(arguments, in: folder.path)
        #expect(outcome.status == 2, "\(outcome.error)")
        #expect(outcome.output.isEmpty)
        #expect(!outcome.error.isEmpty)
    }

    @Test(
        "destroys nothing without being told so, where nobody can be asked",
        .enabled(if: geteuid() != 0, "as root the state lies elsewhere, and there is nothing to destroy"))
    func destroyUnasked() throws {
        let file = try String(contentsOfFile: "\(folder.path)/tandem.yaml", encoding: .utf8)
        let name = try #require(file.split(separator: "\n").first?.split(separator: " ").last)
        try folder.put(".tandem/\(name)/x", "")
        for path in [".tandem", ".tandem/\(name)"] { chmod("\(folder.path)/\(path)", 0o700) }
        let outcome = try Program.run(["destroy"], in: folder.path)
        #expect(outcome.status == 2 && outcome.output.isEmpty && outcome.error.contains("say so with --yes"))
        #expect(FileManager.default.fileExists(atPath: "\(folder.path)/.tandem/\(name)/x"))
    }

    @Test(
        "ends with 4 when the stack is not running",
        arguments: [["status"], ["status", "--format", "json"], ["logs"], ["mysql"]])
    func notRunning(_ arguments: [String]) throws {
        let outcome = try Program.run(arguments, in: folder.path)
        #expect(outcome.status == 4)
        #expect(outcome.output.isEmpty)
        #expect(
            outcome.error.contains("is not running (there is nothing in ")
                && outcome.error.contains("start it with: tandem up"))
    }

    @Test("restarts nothing that does not run")
    func restart() throws {
        let outcome = try run("restart", "app")
        #expect(outcome.status == 4 && outcome.error.contains("start it with: tandem up"))
        #expect(try run("restart").status == 2)
    }

    @Test("plans the start of a stack that does not run, to programs too, and makes nothing")
    func plan() throws {
        let outcome = try run("plan")
        #expect(outcome.status == 0 && outcome.error.isEmpty, "\(outcome.error)")
        #expect(
            outcome.output.contains(
                "does not run. `tandem up` starts all of it:\n\n  lb1        etcd     start\n             haproxy  start\n"
            ))
        #expect(try run("plan", "--exit-code").status == 5)
        let json = try run("plan", "--format", "json").output
        let report = try #require(try JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String: Any])
        #expect(report["is_running"] as? Bool == false && report["has_changes"] as? Bool == true)
        #expect(
            (report["hosts"] as? [[String: Any]])?.map { $0["host"] as? String } == [
                "lb1", "lb2", "server1", "server2",
            ])
        #expect(!FileManager.default.fileExists(atPath: "\(folder.path)/.tandem"))
    }

    @Test("has nothing to stop or to delete, which is fine", arguments: ["down", "destroy"])
    func nothing(_ verb: String) throws {
        let outcome = try run(verb)
        #expect(outcome.status == 0 && outcome.output.isEmpty)
    }

    @Test(
        "says what is wrong with a stack file, all of it, and ends with 3",
        arguments: ["check", "render", "up", "status", "down"])
    func wrongFile(_ verb: String) throws {
        try folder.put("tandem.yaml", "stack: Shop!\napp:\n  rum: ./shop\nhosts: 7\n")
        let outcome = try run(verb)
        #expect(outcome.status == 3 && outcome.output.isEmpty)
        for place in ["tandem.yaml:1:8: error: ", "tandem.yaml:3:3: error: ", "tandem.yaml:4:8: error: "] {
            #expect(outcome.error.contains(place), "\(outcome.error)")
        }
        #expect(outcome.error.contains("problems; nothing was changed"))
    }

    @Test("ends with 3 where there is no stack file, or none that can be read")
    func noFile() throws {
        #expect(try run("check", "--file", "nowhere.yaml").status == 3)
        #expect(try Program.run(["check"], in: "/proc/self").status == 3)
        try folder.put("latin.yaml", "x")
        try folder.append("latin.yaml", [0xff, 0xfe])
        let outcome = try run("check", "--file", "latin.yaml")
        #expect(outcome.status == 3)
        #expect(outcome.error.hasPrefix("latin.yaml:1:1: error: the file is not UTF-8 text\n"))
    }

    @Test("finds the stack file in this folder, in one above it, by its name or by its folder's")
    func finds() throws {
        try folder.put("a/b/file", "")
        for (arguments, place) in [
            (["check"], folder.path), (["check"], "\(folder.path)/a/b"), (["check", "--file", folder.path], "/"),
            (["check", "--file", "../tandem.yaml"], "\(folder.path)/a"),
        ] {
            let outcome = try Program.run(arguments, in: place)
            #expect(outcome.status == 0, "\(outcome.error)")
            #expect(outcome.output.hasPrefix("\(folder.path)/tandem.yaml: the stack 'units-"))
            #expect(outcome.output.hasSuffix("is fine: 4 hosts\n"))
        }
    }

    @Test("writes data for programs to standard output alone, and no colours where there is no terminal")
    func json() throws {
        for arguments in [
            ["check", "--format", "json"], ["render", "--format", "json"], ["engines", "list", "--format", "json"],
        ] {
            let outcome = try Program.run(arguments, in: folder.path)
            #expect(outcome.status == 0 && outcome.error.isEmpty, "\(outcome.error)")
            #expect(throws: Never.self) { try JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) }
        }
        for arguments in [["check"], ["docs"], ["render"], ["status"], ["fly"], ["check", "--file", "nowhere"]] {
            let outcome = try Program.run(arguments, in: folder.path)
            #expect(!(outcome.output + outcome.error).contains("\u{1B}"), "\(arguments)")
        }
    }

    @Test("shows every generated file, or writes them to a folder")
    func render() throws {
        let shown = try run("render")
        #expect(shown.status == 0 && shown.error.isEmpty)
        let files =
            ["lb1/etcd.yaml", "lb1/haproxy.cfg", "lb2/haproxy.cfg"]
            + ["server1", "server2"].flatMap { host in
                ["etcd.yaml", "nginx.conf", "router.cfg", "router.lua", "my.cnf"].map { "\(host)/\($0)" }
            }
        let written = try run("render", "--out", "out/files")
        #expect(written.status == 0 && written.output.isEmpty)
        for file in files {
            let text = try String(contentsOfFile: "\(folder.path)/out/files/\(file)", encoding: .utf8)
            #expect(shown.output.contains("==> \(file.replacingOccurrences(of: "/", with: ": ")) <==\n\(text)"))
        }
        #expect(written.error == "wrote \(files.count) files to out/files\n")
        let failed = try run("render", "--out", "tandem.yaml/x")
        #expect(failed.status == 1 && failed.error.contains("tandem.yaml/x"))
    }

    @Test("explains every section of the stack file")
    func docs() throws {
        let all = try run("docs")
        #expect(all.status == 0 && all.error.isEmpty)
        for section in ["hosts", "balancer", "web", "app", "database", "engines", "drill"] {
            let one = try run("docs", section)
            #expect(one.status == 0 && one.output.contains(section) && one.output.count < all.output.count)
        }
        #expect(try run("docs", "nowhere").error.contains("nowhere"))
    }

    @Test("does not fall over when its reader goes away")
    func brokenPipe() throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/bash")
        process.arguments = ["-c", "set -o pipefail; \"$0\" render | head -1; exit ${PIPESTATUS[0]}", Program.path]
        process.currentDirectoryURL = URL(fileURLWithPath: folder.path)
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        #expect(process.terminationReason == .exit && process.terminationStatus < 128)
    }
}

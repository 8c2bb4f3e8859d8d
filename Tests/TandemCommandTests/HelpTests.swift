import ArgumentParser
import Foundation
import Testing

@testable import TandemOperator
@testable import tandem

@Suite("Help, the manual and completion")
struct HelpTests {
    private static var manualFile: String {
        URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appendingPathComponent("docs/man/tandem.1").path
    }

    private var page: String {
        get throws { ManualPage(root: try CommandDescription.of(Tandem.self), version: Version.number).text }
    }

    @Test("the manual page on record is the one that the commands' descriptions make")
    func manual() throws {
        if ProcessInfo.processInfo.environment["RECORD_GOLDEN"] != nil {
            try page.write(toFile: Self.manualFile, atomically: true, encoding: .utf8)
        }
        let recorded = try String(contentsOfFile: Self.manualFile, encoding: .utf8)
        #expect(
            try page == recorded,
            "docs/man/tandem.1 is old; write it anew with: RECORD_GOLDEN=1 swift test --filter HelpTests")
    }

    @Test("the manual names every command, and nothing in it is taken for a request of roff's by mistake")
    func manualSyntax() throws {
        let page = try page
        for command in Tandem.configuration.subcommands where command.configuration.shouldDisplay {
            let name = try #require(command.configuration.commandName)
            #expect(page.contains(".SS tandem \(name)"), "\(name)")
        }
        #expect(!page.contains("keeper"))
        let requests = [
            ".SH", ".SS", ".TH", ".TP", ".PP", ".B", ".I", ".BR", ".RS", ".RE", ".nf", ".fi", ".\\\"",
        ]
        for line in page.split(separator: "\n") where line.hasPrefix(".") || line.hasPrefix("'") {
            #expect(requests.contains(String(line.prefix { $0 != " " })), "\(line)")
        }
        #expect(ManualPage.escaped(".a-b\\c") == "\\&.a\\-b\\ec")
    }

    @Test("every command has one line of help that ends in a full stop, and every option has some")
    func abstracts() throws {
        func check(_ command: CommandDescription, _ path: String) {
            #expect(command.abstract?.hasSuffix(".") == true, "\(path)")
            for argument in command.shownArguments {
                let name = argument.names?.first?.text ?? argument.valueName ?? ""
                #expect(argument.abstract?.hasSuffix(".") == true, "\(path) \(name)")
            }
            for sub in command.shownSubcommands { check(sub, "\(path) \(sub.commandName)") }
        }
        check(try CommandDescription.of(Tandem.self), "tandem")
    }

    @Test("the commands are listed in groups, and all that is listed lists in JSON too")
    func groups() throws {
        let outcome = try Program.run(["--help"], in: "/")
        #expect(outcome.status == 0)
        for word in ["SETUP", "RUNNING", "OBSERVING", "status", "doctor", "completions"] {
            #expect(outcome.output.uppercased().contains(word.uppercased()), "\(word)")
        }
        #expect(!outcome.output.contains("keeper"))
        let root = try CommandDescription.of(Tandem.self)
        for name in ["status", "top", "check", "render", "doctor", "version"] {
            let command = try #require(root.shownSubcommands.first { $0.commandName == name })
            #expect(command.shownArguments.contains { $0.names?.contains { $0.text == "--format" } == true }, "\(name)")
        }
    }

    @Test("shells get a script of their own that knows every command", arguments: ["bash", "zsh", "fish"])
    func completions(shell: String) throws {
        let outcome = try Program.run(["completions", shell], in: "/")
        #expect(outcome.status == 0)
        for word in ["status", "eject", "--watch".replacing("--", with: shell == "fish" ? "" : "--")] {
            #expect(outcome.output.contains(word), "\(word)")
        }
    }

    @Test("bash completes commands, options, and the hosts of the stack file")
    func bash() throws {
        let folder = try TemporaryFolder()
        try folder.put("tandem.yaml", "stack: shop\napp: {run: ./x}\n")
        let script = """
            PATH="$(dirname "$1"):$PATH"; cd "$2"; source <(tandem completions bash)
            complete_line() { COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMP_LINE="$*"; COMP_POINT=${#COMP_LINE}
                COMPREPLY=(); "$(complete -p tandem | sed 's/.*-F \\([^ ]*\\).*/\\1/')" tandem "${!#}" "${@: -2:1}"
                printf '%s\\n' "${COMPREPLY[@]}"; }
            complete_line tandem st; echo --; complete_line tandem status --w; echo --; complete_line tandem logs se
            echo --; complete_line tandem mysql ''
            """
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/bash")
        process.arguments = ["-c", script, "bash", Program.path, folder.path]
        let pipe = Pipe()
        process.standardOutput = pipe
        process.standardError = FileHandle.nullDevice
        try process.run()
        let text = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        let answers = text.components(separatedBy: "--\n").map { $0.split(separator: "\n").map(String.init) }
        try #require(answers.count >= 4, "\(text)")
        #expect(answers[0].contains("status"))
        #expect(text.contains("--watch"))
        #expect(text.contains("server1") && text.contains("server2"))
        #expect(!text.contains("lb1"), "only database hosts are offered for mysql, and no balancer begins with 'se'")
    }
}

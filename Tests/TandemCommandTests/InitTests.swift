import Foundation
import TandemStack
import Testing

@testable import TandemOperator
@testable import tandem

@Suite("tandem init")
struct InitTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    @Test(
        "knows how projects of its kinds are run, and writes a file that `check` accepts",
        arguments: InitExample.all)
    func kinds(example: InitExample) throws {
        for (name, text) in example.files { try folder.put(name, text) }
        let files = ProjectFiles(folder: folder.path, searchPath: [])
        let kind = try #require(ProjectDetection.kind(of: files))
        #expect(kind.run == example.run)
        #expect(kind.before == example.before)
        #expect(kind.prepare == example.prepare)
        #expect(kind.health == example.health)
        #expect(kind.staticFiles == example.staticFiles.map { .init(prefix: $0.0, folder: $0.1) })
        let text = StackFileTemplate(name: "shop", kind: kind).text
        for words in example.says { #expect(text.contains(words), "\(words)") }
        let stack = try StackFile(text: text, name: "tandem.yaml", folder: folder.path).load()
        #expect(stack.app.run == example.run)
        #expect(stack.app.health == example.health)
        #expect(stack.app.prepare == example.prepare)
        #expect(kind.remarks.allSatisfy { $0.count <= 116 }, "the file's lines are at most 120 wide")
    }

    @Test("uses the machine's gunicorn only where the project has no virtual environment of its own")
    func machinePrograms() throws {
        try folder.put("bin/gunicorn", "#!/bin/sh\n")
        try FileManager.default.setAttributes(
            [.posixPermissions: 0o755], ofItemAtPath: "\(folder.path)/bin/gunicorn")
        try folder.put("app.py", "from flask import Flask\napp = Flask(__name__)\n")
        let files = ProjectFiles(folder: folder.path, searchPath: ["\(folder.path)/bin"])
        #expect(ProjectDetection.kind(of: files)?.run.contains("exec gunicorn --bind") == true)
        try folder.put(".venv/bin/python3", "")
        #expect(ProjectDetection.kind(of: files)?.run.contains("flask --app app run") == true)
        try folder.put(".venv/bin/gunicorn", "")
        #expect(ProjectDetection.kind(of: files)?.run.contains("exec .venv/bin/gunicorn --bind") == true)
    }

    @Test(
        "never lets PHP's own server show the folder that holds the stack file",
        arguments: ["index.php", "wp-load.php"])
    func privateFolder(file: String) throws {
        try folder.put(file, "<?php echo 'page';")
        try folder.put("composer.json", "{}")
        #expect(try Program.run(["init"], in: folder.path).status == 0)
        let stack = try StackFile(text: try text(), name: "tandem.yaml", folder: folder.path).load()
        #expect(stack.app.run == #"exec php -S "$HOST:$PORT" tandem-router.php"#)
        #expect(FileManager.default.fileExists(atPath: "\(folder.path)/tandem-router.php"))
        // One that the user has changed stays.
        try folder.put("tandem-router.php", "<?php // mine")
        try FileManager.default.removeItem(atPath: "\(folder.path)/tandem.yaml")
        #expect(try Program.run(["init"], in: folder.path).status == 0)
        #expect(try String(contentsOfFile: "\(folder.path)/tandem-router.php", encoding: .utf8) == "<?php // mine")
    }

    private func text() throws -> String {
        try String(contentsOfFile: "\(folder.path)/tandem.yaml", encoding: .utf8)
    }

    @Test("never writes over a file, unless it is told to")
    func force() throws {
        try folder.put("tandem.yaml", "mine\n")
        let outcome = try Program.run(["init", "--run", "./x"], in: folder.path)
        #expect(outcome.status == 1)
        #expect(outcome.error.contains("is there already and was left as it is; --force replaces it"))
        #expect(try text() == "mine\n")
        #expect(
            try Program.run(["init", "--run", "echo 'it''s' # x: \\", "--name", "shop", "--force"], in: folder.path)
                .status == 0)
        let stack = try StackFile(text: try text(), name: "tandem.yaml", folder: folder.path).load()
        #expect(stack.app.run == "echo 'it''s' # x: \\")
        #expect(stack.name == "shop")
    }

    @Test("refuses what would make no valid file, and then writes none")
    func invalid() throws {
        for arguments in [["--name", "No Name"], ["--run", "a\nb"], ["--run", " "]] {
            let outcome = try Program.run(["init"] + arguments, in: folder.path)
            #expect(outcome.status == 2, "\(arguments)")
        }
        #expect(throws: (any Error).self) { try text() }
    }

    @Test(
        "names the stack after the folder",
        arguments: [
            ("shop", "shop"), ("My Shop_2", "my-shop-2"), ("2fast", "app-2fast"), ("Ünïcode", "n-code"),
            ("---", "my-app"),
            ("mysql", "my-app"), ("tandem-demo", "app-tandem-demo"), ("Performance Schema", "my-app"),
            (String(repeating: "ab-", count: 20), "ab-ab-ab-ab-ab-ab-ab-ab-ab-ab-ab"),
        ])
    func names(folder: String, name: String) {
        #expect(StackFileTemplate.name(from: folder) == name)
        let text = StackFileTemplate(name: name, kind: .unknown).text
        #expect(throws: Never.self) { try StackFile(text: text, name: "tandem.yaml", folder: "/srv").load() }
    }
}

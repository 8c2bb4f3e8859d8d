import Foundation
import TandemStack
import Testing

@testable import tandem

@Suite("tandem init")
struct InitTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    struct Example: CustomTestStringConvertible {
        var testDescription: String
        var files: [String: String]
        var run: String
        var before: String?

        init(_ name: String, _ files: [String: String], _ run: String, before: String? = nil) {
            testDescription = name
            self.files = files
            self.run = run
            self.before = before
        }
    }

    static let examples = [
        Example(
            "Swift with a product",
            ["Package.swift": "// .executable(name: \"old\")\n.executable( name: \"shop\", targets: [\"Shop\"])"],
            ".build/release/shop", before: "swift build -c release --product shop"),
        Example(
            "Swift with only a target", ["Package.swift": ".executableTarget(\n  name: \"Shop\","],
            ".build/release/Shop",
            before: "swift build -c release --product Shop"),
        Example(
            "Go", ["go.mod": "module example.com/shop/v2\n\ngo 1.22\n", "main.go": ""], "./shop",
            before: "go build -o shop ."),
        Example(
            "Go below cmd", ["go.mod": "module shop\n", "cmd/shop/main.go": ""], "./shop",
            before: "go build -o shop ./cmd/shop"),
        Example(
            "Node that starts a script", ["package.json": #"{"scripts": {"start": "node src/server.js"}}"#],
            "node src/server.js", before: "npm install"),
        Example(
            "Node that starts something else",
            ["package.json": #"{"scripts": {"start": "next start", "build": "next build"}}"#], "npm start",
            before: "npm install && npm run build"),
        Example(
            "Node with a main file", ["package.json": #"{"main": "api.js"}"#, "api.js": ""], "node api.js",
            before: "npm install"),
        Example(
            "Django with gunicorn", ["manage.py": "", "requirements.txt": "Django\ngunicorn\n", "shop/wsgi.py": ""],
            #"exec gunicorn --bind "$HOST:$PORT" shop.wsgi"#),
        Example(
            "Django alone", ["manage.py": "", "requirements.txt": "Django\n"],
            #"exec python3 manage.py runserver --noreload "$HOST:$PORT""#),
        Example(
            "Flask in a virtual environment", ["app.py": "", "requirements.txt": "Flask", ".venv/bin/python3": ""],
            #"exec .venv/bin/python -m flask --app app run --host "$HOST" --port "$PORT""#),
        Example(
            "FastAPI", ["main.py": "", "pyproject.toml": #"dependencies = ["fastapi"]"#],
            #"exec uvicorn main:app --host "$HOST" --port "$PORT""#),
        Example("Python alone", ["server.py": ""], "python3 server.py"),
        Example("PHP", ["public/index.php": ""], #"exec php -S "$HOST:$PORT" -t public"#),
        Example(
            "Laravel", ["artisan": "", "composer.json": "{}"], #"exec php artisan serve --host="$HOST" --port="$PORT""#),
        Example(
            "A Procfile goes first", ["Procfile": "worker: x\nweb: bin/serve -p $PORT\n", "go.mod": "module x\n"],
            "bin/serve -p $PORT"),
    ]

    @Test("knows how projects of its kinds are run, and writes a file that `check` accepts", arguments: examples)
    func kinds(example: Example) throws {
        for (name, text) in example.files { try folder.put(name, text) }
        let kind = try #require(ProjectDetection.kind(of: ProjectFiles(folder: folder.path)))
        #expect(kind.run == example.run)
        #expect(kind.before == example.before)
        let text = StackFileTemplate(name: "shop", kind: kind).text
        let stack = try StackFile(text: text, name: "tandem.yaml", folder: folder.path).load()
        #expect(stack.app.run == example.run)
    }

    @Test("makes nothing of a folder that shows nothing, and says so in the file")
    func unknown() throws {
        try folder.put("notes.txt", "")
        #expect(ProjectDetection.kind(of: ProjectFiles(folder: folder.path)) == nil)
        let outcome = try Program.run(["init"], in: folder.path)
        #expect(outcome.status == 0, "\(outcome)")
        #expect(try Program.run(["check"], in: folder.path).status == 0)
        #expect(try text().contains("# Put the command here that starts your app"))
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

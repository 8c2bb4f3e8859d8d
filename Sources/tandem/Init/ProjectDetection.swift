import Foundation

/// Recognises a project by its files.
enum ProjectDetection {
    /// - Returns: nil when nothing is recognised.
    static func kind(of files: ProjectFiles) -> ProjectKind? {
        // What says how it is run goes before what only says in which language it is written.
        procfile(files) ?? swift(files) ?? go(files) ?? python(files) ?? php(files) ?? node(files)
    }

    /// `web: COMMAND`, as Heroku and its kin read it.
    private static func procfile(_ files: ProjectFiles) -> ProjectKind? {
        guard let line = files.text("Procfile")?.split(separator: "\n").first(where: { $0.hasPrefix("web:") }) else {
            return nil
        }
        let command = line.dropFirst(4).trimmingCharacters(in: .whitespaces)
        guard !command.isEmpty else { return nil }
        return ProjectKind(
            title: "a project with a Procfile", run: command, before: nil,
            remark: "From the line `web:` of the Procfile. It has to listen on $HOST, not only on $PORT.")
    }

    private static func swift(_ files: ProjectFiles) -> ProjectKind? {
        guard let manifest = files.text("Package.swift") else { return nil }
        let code = manifest.split(separator: "\n").filter { !$0.drop(while: \.isWhitespace).hasPrefix("//") }
            .joined(separator: "\n")
        let name =
            code.firstMatch(of: /\.executable\s*\(\s*name\s*:\s*"([^"]+)"/)?.1
            ?? code.firstMatch(of: /\.executableTarget\s*\(\s*name\s*:\s*"([^"]+)"/)?.1
        guard let name else { return nil }
        let program = name.replacing(" ", with: "-")
        return ProjectKind(
            title: "a Swift package", run: ".build/release/\(program)",
            before: "swift build -c release --product \(program)", remark: nil)
    }

    private static func go(_ files: ProjectFiles) -> ProjectKind? {
        guard let module = files.text("go.mod")?.firstMatch(of: /(?m)^module\s+"?([^\s"]+)/)?.1 else { return nil }
        // The last part of the path, unless that is a version, as in example.com/shop/v2.
        let parts = module.split(separator: "/").filter { $0.wholeMatch(of: /v[0-9]+/) == nil }
        let name = plain(String(parts.last ?? "app"))
        let main = files.has("main.go") ? "." : (files.has("cmd/\(name)/main.go") ? "./cmd/\(name)" : ".")
        return ProjectKind(
            title: "a Go module", run: "./\(name)", before: "go build -o \(name) \(main)", remark: nil)
    }

    private static func python(_ files: ProjectFiles) -> ProjectKind? {
        let scripts = ["app.py", "main.py", "server.py", "wsgi.py"].filter(files.has)
        let wants =
            ["requirements.txt", "pyproject.toml", "Pipfile", "setup.py", "setup.cfg"].compactMap(files.text)
            .joined(separator: "\n").lowercased()
        guard files.has("manage.py") || !scripts.isEmpty || !wants.isEmpty else { return nil }
        // A virtual environment's programs need no activation.
        let bin =
            [".venv", "venv"].first { files.has("\($0)/bin/python3") || files.has("\($0)/bin/python") }
            .map { "\($0)/bin/" } ?? ""
        let python = bin.isEmpty ? "python3" : "\(bin)python"
        let server = #"--bind "$HOST:$PORT""#
        if files.has("manage.py") {
            guard wants.contains("gunicorn"), let site = files.folders(with: "wsgi.py").first else {
                return ProjectKind(
                    title: "a Django project", run: #"exec \#(python) manage.py runserver --noreload "$HOST:$PORT""#,
                    before: nil,
                    remark: "This is Django's server for development. With gunicorn: "
                        + "exec gunicorn --bind \"$HOST:$PORT\" SITE.wsgi")
            }
            return ProjectKind(
                title: "a Django project", run: "exec \(bin)gunicorn \(server) \(site).wsgi", before: nil, remark: nil)
        }
        let script = scripts.first ?? "app.py"
        let module = String(script.dropLast(3))
        if wants.contains("uvicorn") || wants.contains("fastapi") {
            return ProjectKind(
                title: "a Python project (ASGI)",
                run: #"exec \#(bin)uvicorn \#(module):app --host "$HOST" --port "$PORT""#, before: nil, remark: nil)
        }
        if wants.contains("gunicorn") {
            return ProjectKind(
                title: "a Python project (WSGI)", run: "exec \(bin)gunicorn \(server) \(module):app", before: nil,
                remark: nil)
        }
        if wants.contains("flask") {
            return ProjectKind(
                title: "a Flask project",
                run: #"exec \#(python) -m flask --app \#(module) run --host "$HOST" --port "$PORT""#, before: nil,
                remark: "This is Flask's server for development; gunicorn is one for production.")
        }
        return ProjectKind(title: "a Python project", run: "\(python) \(script)", before: nil, remark: nil)
    }

    private static func php(_ files: ProjectFiles) -> ProjectKind? {
        if files.has("artisan") {
            return ProjectKind(
                title: "a Laravel project", run: #"exec php artisan serve --host="$HOST" --port="$PORT""#, before: nil,
                remark: "This is Laravel's server for development; FrankenPHP or RoadRunner are some for production.")
        }
        let root = ["public", "web", "."].first { files.has("\($0)/index.php") }
        guard root != nil || files.has("composer.json") else { return nil }
        return ProjectKind(
            title: "a PHP project", run: #"exec php -S "$HOST:$PORT" -t \#(root ?? ".")"#, before: nil,
            remark: "This is PHP's server for development; FrankenPHP or RoadRunner are some for production.")
    }

    private struct NodePackage: Decodable {
        var main: String?
        var scripts: [String: String]?
    }

    private static func node(_ files: ProjectFiles) -> ProjectKind? {
        guard let text = files.text("package.json") else { return nil }
        let package = try? JSONDecoder().decode(NodePackage.self, from: Data(text.utf8))
        let before = package?.scripts?["build"].map { _ in "npm install && npm run build" } ?? "npm install"
        if let start = package?.scripts?["start"], !start.isEmpty {
            // Without npm in between there is one process less, and SIGTERM reaches the app first.
            let isDirect = start.wholeMatch(of: /node [A-Za-z0-9_.\/ =-]+/) != nil
            return ProjectKind(
                title: "a Node project", run: isDirect ? start : "npm start", before: before, remark: nil)
        }
        let candidates = [package?.main, "server.js", "index.js", "app.js", "src/index.js", "src/server.js"]
        let script = candidates.compactMap(\.self).first { files.has($0) && plain($0) == $0 } ?? "server.js"
        return ProjectKind(title: "a Node project", run: "node \(script)", before: before, remark: nil)
    }

    /// As it may stand on a command line without quotes.
    private static func plain(_ text: String) -> String {
        String(text.unicodeScalars.map { "-_./".unicodeScalars.contains($0) || isWord($0) ? Character($0) : "-" })
    }

    private static func isWord(_ scalar: Unicode.Scalar) -> Bool {
        scalar.isASCII && (scalar.properties.isAlphabetic || ("0"..."9").contains(scalar))
    }
}

/// Django, ASGI and WSGI apps, Flask, and plain scripts.
extension ProjectDetection {
    static func python(_ files: ProjectFiles) -> ProjectKind? {
        let scripts = ["app.py", "main.py", "server.py", "wsgi.py", "asgi.py"].filter(files.has)
        let project = PythonProject(files)
        guard files.has("manage.py") || !scripts.isEmpty || !project.wants.isEmpty else { return nil }
        if files.has("manage.py") { return django(files, project) }
        let script = scripts.first ?? "app.py"
        let module = String(script.dropLast(3))
        let text = files.text(script) ?? ""
        var kind = ProjectKind(title: "a Python project", run: "\(project.python) \(script)")
        kind.health = HealthRoute.path(in: files, [".py"])
        kind.databaseURL = project.databaseURL(files.sources([".py"]).compactMap(files.text).joined(separator: "\n"))
        // What the script itself imports goes before what is merely installed.
        let object = application(in: text)
        let isASGI = ["fastapi", "starlette", "quart", "litestar"].contains {
            text.contains("import \($0)") || text.contains("from \($0)")
        }
        if isASGI || (!text.contains("lask") && (project.uses("fastapi") || project.uses("uvicorn"))) {
            asgi(&kind, project, "\(module):\(object)")
        } else if project.has("gunicorn") {
            kind.title = text.contains("lask") || project.uses("flask") ? "a Flask project" : "a Python project (WSGI)"
            kind.run = #"exec \#(project.bin)gunicorn --bind "$HOST:$PORT" --threads 8 \#(module):\#(object)"#
            kind.remarks = proxyRemarks
        } else if text.contains("lask") || project.uses("flask") {
            kind.title = "a Flask project"
            kind.run = #"exec \#(project.python) -m flask --app \#(module) run --host "$HOST" --port "$PORT""#
            kind.remarks = [
                "This is Flask's server for development. Install gunicorn and write instead:",
                #"run: exec \#(project.bin)gunicorn --bind "$HOST:$PORT" --threads 8 \#(module):\#(object)"#,
            ]
            kind.remarks += proxyRemarks
        } else if !readsHost(files, [".py"]) {
            kind.remarks = ["The app has to listen on os.environ[\"HOST\"] and int(os.environ[\"PORT\"])."]
        }
        return kind
    }

    private static func asgi(_ kind: inout ProjectKind, _ project: PythonProject, _ app: String) {
        kind.title = "a Python project (ASGI)"
        // gunicorn alone cannot serve ASGI.
        kind.run = #"exec \#(project.bin)uvicorn \#(app) --host "$HOST" --port "$PORT""#
        kind.remarks = [
            "uvicorn believes X-Forwarded-Proto and X-Forwarded-For from 127.0.0.1, which is right here:",
            "request.url is the address that the visitor sees.",
        ]
        if !project.has("uvicorn") { kind.remarks.insert("Install uvicorn first.", at: 0) }
    }

    private static let proxyRemarks = [
        "For the visitor's address and https in url_for(), wrap a Flask app once:",
        "app.wsgi_app = werkzeug.middleware.proxy_fix.ProxyFix(app.wsgi_app, x_for=1, x_proto=1, x_host=1)",
    ]

    /// The name of the app in its module, or of the function that makes one.
    private static func application(in text: String) -> String {
        if let made = text.firstMatch(
            of: /(?m)^(\w+)\s*(?::\s*\w+\s*)?=\s*(?:\w+\.)?(?:Flask|FastAPI|Starlette|Quart|Litestar)\(/)
        {
            return String(made.1)
        }
        return text.contains(/(?m)^application\s*=/) ? "application" : "app"
    }
}

/// What a Python project has at hand.
struct PythonProject {
    /// The text of the files that say what it depends on, in lower case.
    let wants: String
    /// The folder of the virtual environment's programs with its slash, or nothing.
    let bin: String
    let python: String
    private let files: ProjectFiles
    private let packages: [String]

    init(_ files: ProjectFiles) {
        self.files = files
        wants =
            ["requirements.txt", "pyproject.toml", "Pipfile", "setup.py", "setup.cfg", "uv.lock", "poetry.lock"]
            .compactMap(files.text).joined(separator: "\n").lowercased()
        // A virtual environment's programs need no activation.
        let environment = [".venv", "venv", "env"].first {
            files.has("\($0)/bin/python3") || files.has("\($0)/bin/python")
        }
        bin = environment.map { "\($0)/bin/" } ?? ""
        python =
            environment.map { files.has("\($0)/bin/python") ? "\($0)/bin/python" : "\($0)/bin/python3" } ?? "python3"
        packages =
            (environment.map { "\($0)/lib" }).map { lib in
                files.names(in: lib).flatMap { files.names(in: "\(lib)/\($0)/site-packages") }.map { $0.lowercased() }
            } ?? []
    }

    /// The form of DATABASE_URL that the project's library takes, in so far as that differs from MySQL's own.
    func databaseURL(_ text: String) -> String? {
        if text.contains(/(?m)^\s*(?:from|import)\s+peewee\b/) { return "pymysql" }
        guard text.contains(/(?m)^\s*(?:from|import)\s+(?:sqlalchemy|flask_sqlalchemy|sqlmodel)\b/) else { return nil }
        let drivers = [
            ("asyncmy", "mysql+asyncmy"), ("mysqlclient", "mysql+mysqldb"), ("mysqldb", "mysql+mysqldb"),
            ("mysql-connector", "mysql+mysqlconnector"),
        ]
        return drivers.first { uses($0.0) }?.1 ?? "mysql+pymysql"
    }

    /// Whether the project depends on a package, or its virtual environment has it.
    func uses(_ package: String) -> Bool { wants.contains(package) || packages.contains(package) }

    /// Whether a package's program of the same name can be run: from the virtual environment, or, without one, from
    /// the machine.
    func has(_ program: String) -> Bool {
        uses(program) || files.has("\(bin)\(program)") && !bin.isEmpty || bin.isEmpty && files.machineHas(program)
    }
}

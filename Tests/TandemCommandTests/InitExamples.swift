import Testing

/// A project as `tandem init` finds it, and what the stack file then says.
struct InitExample: CustomTestStringConvertible, Sendable {
    var testDescription: String
    var files: [String: String]
    var run: String
    var before: String?
    var prepare: String?
    var health: String
    var staticFiles: [(String, String)]
    /// Words that the stack file has to contain.
    var says: [String]

    init(
        _ name: String, _ files: [String: String], _ run: String, before: String? = nil, prepare: String? = nil,
        health: String = "/", staticFiles: [(String, String)] = [], says: [String] = []
    ) {
        testDescription = name
        self.files = files
        self.run = run
        self.before = before
        self.prepare = prepare
        self.health = health
        self.staticFiles = staticFiles
        self.says = says
    }

    static let all = compiled + django + python + php + node + others

    private static let compiled = [
        InitExample(
            "Swift with a product",
            [
                "Package.swift": "// .executable(name: \"old\")\n.executable( name: \"shop\", targets: [\"Shop\"])",
                "Sources/Shop/main.swift": "get(\"/healthz\")",
            ], ".build/release/shop", before: "swift build -c release --product shop", health: "/healthz",
            says: ["listen on the address in HOST"]),
        InitExample(
            "Swift with only a target", ["Package.swift": ".executableTarget(\n  name: \"Shop\","],
            ".build/release/Shop", before: "swift build -c release --product Shop"),
        InitExample(
            "Hummingbird's template",
            [
                "Package.swift": ".package(url: \".../hummingbird.git\"), .executableTarget(name: \"App\",",
                "Sources/App/App.swift": """
                @Option(name: .shortAndLong)
                var hostname: String = "127.0.0.1"
                """,
                "Sources/App/Application+build.swift": "router.get(\"/health\") { _, _ in HTTPResponse.Status.ok }",
            ], #".build/release/App --hostname "$HOST" --port "$PORT""#,
            before: "swift build -c release --product App", health: "/health"),
        InitExample(
            "Hummingbird's template with swift-configuration",
            [
                "Package.swift": ".package(url: \".../hummingbird.git\"), .executableTarget(name: \"App\",",
                "Sources/App/App.swift": "hostname: reader.string(forKey: \"http.host\", default: \"127.0.0.1\")",
            ], #"HTTP_HOST="$HOST" HTTP_PORT="$PORT" exec .build/release/App"#,
            before: "swift build -c release --product App"),
        InitExample(
            "Vapor",
            [
                "Package.swift":
                    ".package(url: \"https://github.com/vapor/vapor.git\"), .executableTarget(name: \"App\",",
                "Sources/App/configure.swift": "app.migrations.add(CreateTodo())",
            ], #".build/release/App serve --env production --hostname "$HOST" --port "$PORT""#,
            before: "swift build -c release --product App", prepare: ".build/release/App migrate --yes"),
        InitExample(
            "Go",
            ["go.mod": "module example.com/shop/v2\n\ngo 1.22\n", "main.go": "mux.HandleFunc(\"GET /health\", ok)"],
            "./shop", before: "go build -o shop .", health: "/health", says: ["net.JoinHostPort(os.Getenv(\"HOST\")"]),
        InitExample(
            "Go below cmd", ["go.mod": "module shop\n", "cmd/shop/main.go": "os.Getenv(\"HOST\")"], "./shop",
            before: "go build -o shop ./cmd/shop"),
    ]

    private static let manage = "os.environ.setdefault('DJANGO_SETTINGS_MODULE', 'mysite.settings')"
    private static let djangoSays = [
        "ALLOWED_HOSTS = [\"localhost\"]", "CSRF_TRUSTED_ORIGINS", "SECURE_PROXY_SSL_HEADER",
    ]

    private static let django = [
        InitExample(
            "Django as `startproject` makes it, gunicorn in its virtual environment",
            [
                "manage.py": manage, ".venv/bin/python": "", ".venv/bin/gunicorn": "", "mysite/wsgi.py": "",
                "mysite/settings.py": "WSGI_APPLICATION = 'mysite.wsgi.application'\nSTATIC_URL = 'static/'\n",
                "mysite/urls.py": "path('admin/', admin.site.urls),",
            ], #"exec .venv/bin/gunicorn --bind "$HOST:$PORT" --threads 8 mysite.wsgi"#,
            prepare: ".venv/bin/python manage.py migrate --noinput", health: "/admin/login/",
            says: djangoSays + ["STATIC_ROOT"]),
        InitExample(
            "Django with collected static files and a route for the health check",
            [
                "manage.py": manage, "requirements.txt": "Django\ngunicorn\n", "mysite/wsgi.py": "",
                "mysite/settings.py":
                    "STATIC_ROOT = BASE_DIR / 'var' / \"static\"\nSTATIC_URL = '/assets/'\n",
                "mysite/urls.py": "path('health/', ok), path('admin/', admin.site.urls),",
            ], #"exec gunicorn --bind "$HOST:$PORT" --threads 8 mysite.wsgi"#,
            prepare: "python3 manage.py migrate --noinput && python3 manage.py collectstatic --noinput",
            health: "/health/", staticFiles: [("/assets", "var/static")], says: djangoSays),
        InitExample(
            "Django with settings in several files",
            [
                "manage.py": "os.environ.setdefault(\"DJANGO_SETTINGS_MODULE\", \"config.settings.local\")",
                "requirements.txt": "gunicorn",
                "config/settings/base.py": "WSGI_APPLICATION = \"config.wsgi.application\"",
                "config/settings/local.py": "from .base import *", "another/wsgi.py": "",
            ], #"exec gunicorn --bind "$HOST:$PORT" --threads 8 config.wsgi"#,
            prepare: "python3 manage.py migrate --noinput"),
        InitExample(
            "Django alone", ["manage.py": manage, "requirements.txt": "Django\n", "mysite/wsgi.py": ""],
            #"exec python3 manage.py runserver --noreload "$HOST:$PORT""#,
            prepare: "python3 manage.py migrate --noinput",
            says: [#"run: exec gunicorn --bind "$HOST:$PORT" --threads 8 mysite.wsgi"#]),
    ]

    private static let python = [
        InitExample(
            "Flask in a virtual environment", ["app.py": "", "requirements.txt": "Flask", ".venv/bin/python3": ""],
            #"exec .venv/bin/python3 -m flask --app app run --host "$HOST" --port "$PORT""#, says: ["ProxyFix"]),
        InitExample(
            "Flask with gunicorn in its virtual environment, named nowhere",
            [
                "app.py": "from flask import Flask\nshop = Flask(__name__)\n@shop.get('/health')",
                ".venv/bin/python": "", ".venv/bin/gunicorn": "",
            ], #"exec .venv/bin/gunicorn --bind "$HOST:$PORT" --threads 8 app:shop"#, health: "/health",
            says: ["ProxyFix"]),
        InitExample(
            "FastAPI", ["main.py": "", "pyproject.toml": #"dependencies = ["fastapi"]"#],
            #"exec uvicorn main:app --host "$HOST" --port "$PORT""#, says: ["Install uvicorn first."]),
        InitExample(
            "Starlette, known by its import",
            [
                "asgi.py": "from starlette.applications import Starlette\nsite = Starlette(routes=[])",
                "venv/bin/python": "", "venv/lib/python3.13/site-packages/uvicorn/main.py": "",
            ], #"exec venv/bin/uvicorn asgi:site --host "$HOST" --port "$PORT""#),
        InitExample(
            "SQLAlchemy with its driver",
            [
                "app.py": "from flask import Flask\nfrom sqlalchemy import create_engine\napp = Flask(__name__)",
                "requirements.txt": "flask\ngunicorn\nsqlalchemy\nmysqlclient\n",
            ], #"exec gunicorn --bind "$HOST:$PORT" --threads 8 app:app"#, says: ["database:\n  url: mysql+mysqldb"]),
        InitExample("Python alone", ["server.py": ""], "python3 server.py", says: ["os.environ[\"HOST\"]"]),
    ]

    private static let php = [
        InitExample("PHP", ["public/index.php": ""], #"exec php -S "$HOST:$PORT" -t public"#),
        InitExample(
            "PHP in the top folder", ["index.php": "", "composer.json": "{}"],
            #"exec php -S "$HOST:$PORT" tandem-router.php"#, health: "/health"),
        InitExample(
            "WordPress", ["index.php": "", "wp-load.php": "", "wp-config-sample.php": ""],
            #"exec php -S "$HOST:$PORT" tandem-router.php"#, health: "/health",
            staticFiles: [("/wp-content", "wp-content"), ("/wp-includes", "wp-includes")],
            says: ["MYSQLI_CLIENT_SSL", "X-Forwarded-Proto"]),
        InitExample(
            "Laravel",
            [
                "artisan": "", "composer.json": "{}", "public/index.php": "",
                "bootstrap/app.php": "->withRouting(\n        health: '/up',",
            ], #"exec php artisan serve --no-reload --host="$HOST" --port="$PORT""#, before: "composer install",
            prepare: "php artisan migrate --force", health: "/up", staticFiles: [("/", "public")],
            says: ["trustProxies"]
        ),
        InitExample(
            "Symfony",
            [
                "bin/console": "", "public/index.php": "",
                "composer.json":
                    #"{"require": {"symfony/framework-bundle": "7.1.*", "doctrine/doctrine-migrations-bundle": "3"}}"#,
            ], #"exec php -S "$HOST:$PORT" -t public"#, before: "composer install",
            prepare: "php bin/console doctrine:migrations:migrate --no-interaction --allow-no-migration",
            staticFiles: [("/", "public")], says: ["trusted_proxies", "trusted_headers"]),
    ]

    private static let node = [
        InitExample(
            "Node that starts a script",
            [
                "package.json": #"{"scripts": {"start": "node src/server.js"}}"#, "yarn.lock": "",
                "src/server.js": "http.createServer(app).listen(process.env.PORT)",
            ], "node src/server.js", before: "yarn install", says: ["process.env.HOST"]),
        InitExample(
            "Node with a variable before it",
            ["package.json": #"{"scripts": {"start": "NODE_ENV=production node app.js"}}"#],
            "NODE_ENV=production exec node app.js", before: "npm install"),
        InitExample(
            "Next.js", ["package.json": #"{"scripts": {"start": "next start", "build": "next build"}}"#],
            #"exec node_modules/.bin/next start --hostname "$HOST" --port "$PORT""#,
            before: "npm install && npm run build"),
        InitExample(
            "Node that starts an installed program",
            ["package.json": #"{"scripts": {"start": "tsx src/index.ts"}}"#, "node_modules/.bin/tsx": ""],
            "exec node_modules/.bin/tsx src/index.ts", before: "npm install"),
        InitExample(
            "Node that starts several things",
            ["package.json": #"{"scripts": {"start": "node migrate.js && node app.js"}}"#], "npm start",
            before: "npm install", says: ["npm passes SIGTERM on"]),
        InitExample(
            "Express",
            [
                "package.json": #"{"main": "api.js", "dependencies": {"express": "^4"}}"#,
                "api.js": "app.get('/health', ok); app.listen(process.env.PORT, process.env.HOST)",
            ], "node api.js", before: "npm install", health: "/health", says: ["trust proxy"]),
    ]

    private static let others = [
        InitExample(
            "Rails",
            [
                "Gemfile": "gem \"rails\", \"~> 8.0\"", "config/application.rb": "", "public/robots.txt": "",
                "config/routes.rb": "get \"up\" => \"rails/health#show\", as: :rails_health_check",
            ],
            #"exec bin/rails server --binding "$HOST" --port "$PORT" --pid "tmp/pids/$TANDEM_HOST-$PORT.pid""#,
            before: "bundle install", prepare: "bin/rails db:prepare", health: "/up", staticFiles: [("/", "public")],
            says: ["config.hosts << \"localhost\"", "database:\n  url: mysql2"]),
        InitExample(
            "Rack", ["Gemfile": "gem 'puma'", "config.ru": "run App"],
            #"exec bundle exec puma --bind "tcp://$HOST:$PORT""#, before: "bundle install"),
        InitExample(
            "A Procfile's command that knows HOST goes before what the files look like",
            ["Procfile": "web: bin/serve -h $HOST -p $PORT\nrelease: bin/migrate\n", "go.mod": "module x\n"],
            "bin/serve -h $HOST -p $PORT", prepare: "bin/migrate", health: "/health"),
        InitExample(
            "A Procfile's command is told to listen on one address",
            ["Procfile": "worker: x\nweb: gunicorn shop:app\n"], #"gunicorn shop:app --bind "$HOST:$PORT""#,
            health: "/health", says: ["  workers:\n    worker: 'x'\n"]),
        InitExample(
            "A Procfile's other lines become workers, whatever serves requests",
            [
                "Procfile": "web: x\nmail_queue: rake jobs:work\nrelease: y\nmysql: z\n", "Gemfile": "gem 'puma'",
                "config.ru": "run App",
            ],
            #"exec bundle exec puma --bind "tcp://$HOST:$PORT""#, before: "bundle install",
            says: ["  workers:\n    mail-queue: 'rake jobs:work'\n\n", "The Procfile's lines mysql need other names"]),
        InitExample(
            "A Procfile's schedulers run on one server",
            ["Procfile": "web: x -b 0.0.0.0\nclock: clockwork clock.rb\nbeat: celery -A shop beat\nclock2: y\n"],
            "x -b $HOST",
            health: "/health",
            says: [
                "once on each server, or on one of them",
                "    clock: {run: clockwork clock.rb, on: one}\n    beat: {run: celery -A shop beat, on: one}\n    clock2: 'y'\n",
            ]),
        InitExample(
            "A Procfile's lines whose names become one are both kept",
            [
                "Procfile":
                    "web: x -b 0.0.0.0\nmail_queue: a\nmail-queue: b\nMail_Queue: c\nmail-queue-2: d\n"
                    + "a_very_long_job_here: e\na-very-long-job-here: f\n"
            ], "x -b $HOST", health: "/health",
            says: [
                "    mail-queue: 'a'\n    mail-queue-3: 'b'\n    mail-queue-4: 'c'\n    mail-queue-2: 'd'\n",
                "    a-very-long-job-here: 'e'\n    a-very-long-job-he-2: 'f'\n",
            ]),
        InitExample(
            "A Procfile with more lines than a stack has workers",
            ["Procfile": "web: x -b 0.0.0.0\n" + (1...22).map { "job\($0): y\n" }.joined()], "x -b $HOST",
            health: "/health", says: ["job20: 'y'\n", "The Procfile's lines job21, job22 were left out"]),
        InitExample(
            "A Procfile's command that listens on all addresses", ["Procfile": "web: thing -b 0.0.0.0:$PORT\n"],
            "thing -b $HOST:$PORT", health: "/health"),
    ]
}

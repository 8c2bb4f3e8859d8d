extension Schema {
    static let app = Section(
        path: "app",
        explanation: """
            Your application, in any language. It gets HOST, PORT, DATABASE_URL (writes) and DATABASE_READ_URL (reads, \
            which may be a moment behind), both also in parts (DATABASE_HOST, _PORT, _NAME, _USER, _PASSWORD; \
            DATABASE_READ_HOST and so on), DATABASE_CA, and ends in order on SIGTERM, or what `stop_signal` says.
            """,
        keys: [
            Key(
                name: "run", kind: .command, presence: .required,
                synonyms: ["command", "cmd", "entrypoint", "exec", "start"],
                explanation: "The command line, given to /bin/sh -c in the folder of this file.",
                example: "./shop serve"),
            Key(
                name: "prepare", kind: .command, presence: .optional,
                synonyms: ["migrate", "migration", "release", "release_command", "before", "predeploy"],
                explanation: """
                    A command line for what is to be done once before a new version of the app starts, such as a migration; given \
                    to /bin/sh -c as `run` is, with the app's environment and the database open. It runs on one host: at each \
                    start of the stack, when `tandem up` changes what the app is run with, and at each `tandem restart app`. \
                    When it fails, nothing is started or restarted. After a crash it is run again, so it must stand that.
                    """,
                example: "./manage.py migrate"),
            Key(
                name: "build", kind: .command, presence: .optional, synonyms: ["compile", "make", "assets"],
                explanation: """
                    A command line that makes what `run` needs, such as a program or style sheets; given to /bin/sh -c in the \
                    folder of this file, on your machine, as you and with your shell's environment. On this machine it is run \
                    when `tandem up` starts the app or restarts it for a change, and by `tandem restart` of the app or a worker. \
                    Where hosts are other machines, each `tandem up` runs it before the app's files are packed. When it fails, \
                    nothing is changed.
                    """,
                example: "go build -o shop ."),
            Key(
                name: "files", kind: .files, presence: .optional,
                synonyms: ["include", "release_files", "artifacts", "paths"],
                explanation: """
                    What is brought to hosts that are other machines, as in .dockerignore but to take in: paths below the folder \
                    of this file, in which * and ? stand for anything within one name and ** for any folders; a folder stands for \
                    all in it, "." for everything. One that begins with ! leaves out what those before it took in. Each other \
                    one has to match something. What git ignores may be among them. Links are brought as links; this file, .git and \
                    .tandem never are. Without `files`: what git tracks or does not ignore.
                    """,
                example: "[shop, static, \"templates/**/*.html\", \"!**/*.map\"]"),
            Key(
                name: "health", kind: .urlPath, presence: .preset("/health"),
                synonyms: ["healthcheck", "health_check", "health_path", "path"],
                explanation: """
                    The path that answers 200 when the app can serve. It is asked for as by a visitor who came through the \
                    balancer: with the domain as Host, and X-Forwarded-Proto: https. It has 2 s to answer, and a redirect is not \
                    followed.
                    """),
            Key(
                name: "instances", kind: .count(1...Ports.appInstanceLimit), presence: .preset("1"),
                synonyms: ["replicas", "processes", "scale"],
                explanation: "Processes on each app host. All have the same environment but for PORT, which counts up."),
            Key(
                name: "workers", kind: .workers(worker), presence: .optional, synonyms: ["worker", "background"],
                explanation: """
                    Further processes of the app that serve no requests, such as one that takes jobs from a queue: each runs \
                    once on every app host (`on: one`: on one of them), with the app's environment but for HOST and PORT, and \
                    has a log of its own. A name, then its command, or a map.
                    """,
                example: """
                    mailer: celery -A shop worker
                    importer: {run: ./manage.py import, stop: 30s}
                    clock: {run: celery -A shop beat, on: one}
                    """),
            Key(
                name: "jobs", kind: .jobs(job), presence: .optional,
                synonyms: ["job", "cron", "schedule", "scheduled"],
                explanation: """
                    What the app does at given times: a command that runs once each time, on one of the app hosts, with the app's \
                    environment but for HOST and PORT and a log of its own. A time that comes while it still runs is skipped, and one \
                    that is missed is not made up. A name, then a map.
                    """,
                example: """
                    digest: {run: ./manage.py send_digest, at: "0 7 * * *"}
                    cleanup: {run: ./manage.py clearsessions, at: "@daily", timeout: 10m}
                    """),
            Key(
                name: "stop_signal", kind: .choice(App.StopSignal.allCases.map(\.rawValue)), presence: .preset("TERM"),
                synonyms: ["stopsignal", "kill_signal", "signal"],
                explanation: """
                    The signal that tells the app to finish what is in flight and to end: WINCH for Apache, QUIT for php-fpm. \
                    It goes to the process that `run` starts; what that leaves behind when it has ended is told then, \
                    and has the rest of `timeouts: stop`.
                    """),
            Key(
                name: "env", kind: .environment, presence: .optional, synonyms: ["environment", "clear", "variables"],
                explanation: """
                    Environment variables. HOST, PORT, DATABASE_URL, DATABASE_READ_URL, their parts, DATABASE_CA and \
                    names that begin with TANDEM_ are the app's contract and not yours to set.
                    """,
                example: "LOG_LEVEL: info\nSHOP_CURRENCY: EUR"),
            Key(
                name: "secrets", kind: .secrets(secret), presence: .optional, synonyms: ["secret"],
                explanation: """
                    Environment variables whose values stay out of this file. A list takes each from the variable of \
                    the same name in the environment of `tandem up`; a map says for each where it comes from.
                    """,
                example: """
                    SESSION_KEY: {env: SHOP_SESSION_KEY}
                    MAIL_PASSWORD: {file: secrets/mail}
                    API_KEY: {command: pass show shop/api}
                    """),
            Key(
                name: "timeouts", kind: .section(timeouts), presence: .optional, synonyms: ["timeout"],
                explanation: timeouts.explanation),
        ])

    static let secret = Section(
        path: "app.secrets.NAME",
        explanation: "Where a secret's value comes from: one of the three.",
        keys: [
            Key(
                name: "env", kind: .variable, presence: .optional, synonyms: ["environment", "variable"],
                explanation: "The variable in the environment of `tandem up`.",
                example: "SHOP_SESSION_KEY"),
            Key(
                name: "file", kind: .path, presence: .optional, synonyms: ["path"],
                explanation: "A file whose content it is, without the line break at its end. Relative to this file.",
                example: "secrets/mail"),
            Key(
                name: "command", kind: .command, presence: .optional, synonyms: ["cmd", "exec", "run", "shell"],
                explanation: """
                    A command line whose output it is, without the line break at its end; given to /bin/sh -c in the \
                    folder of this file, as its owner. It runs without a terminal, so it cannot ask for a password, and is stopped after 30 s.
                    """,
                example: "pass show shop/api"),
        ])

    static let timeouts = Section(
        path: "app.timeouts",
        explanation: "How long the app may take.",
        keys: [
            Key(
                name: "start", kind: .duration(1...3600), presence: .preset("30s"), synonyms: ["boot", "deploy"],
                explanation: "Until its health path answers 200."),
            Key(
                name: "prepare", kind: .duration(1...86_400), presence: .preset("10m"),
                synonyms: ["migrate", "release"],
                explanation: "For the command `prepare`; then it is killed, and has failed."),
            Key(
                name: "build", kind: .duration(1...86_400), presence: .preset("1h"), synonyms: ["compile"],
                explanation: "For the command `build`; then it is ended, and has failed."),
            Key(
                name: "request", kind: .duration(1...3600), presence: .preset("30s"), synonyms: ["response", "server"],
                explanation: "For one request."),
            Key(
                name: "stop", kind: .duration(1...600), presence: .preset("10s"),
                synonyms: ["drain", "stop_grace_period", "shutdown"],
                explanation:
                    "To finish what is in flight after `stop_signal`; then it is killed, with all that it has started."),
        ])

    static let database = Section(
        path: "database",
        explanation: "MySQL: a primary and its replicas on the hosts with the role database.",
        keys: [
            Key(
                name: "name", kind: .databaseName, presence: .derived("the stack's name with _ for -"),
                synonyms: ["database", "schema", "user"],
                explanation: "The app's database, and the name of its user.",
                example: "shop"),
            Key(
                name: "settings", kind: .settings, presence: .optional,
                synonyms: ["config", "mysqld", "options", "variables"],
                explanation: """
                    Settings passed to mysqld, named as in MySQL's manual. Those on which the safety of acknowledged \
                    writes and the layout of the stack rest (replication, durability, addresses, files) are refused.
                    """,
                example: "innodb_buffer_pool_size: 1G\nmax_connections: 500"),
            Key(
                name: "url", kind: .choice(Database.URLForm.allCases.map(\.rawValue)), presence: .preset("mysql"),
                synonyms: ["dialect", "driver", "scheme", "url_form", "adapter"],
                explanation: """
                    The form of DATABASE_URL and DATABASE_READ_URL, for libraries that do not take MySQL's own, \
                    mysql://...?ssl-ca=... (dj-database-url, sqlx, Tandem's Swift clients): SQLAlchemy's with the name of its \
                    driver, PyMySQL's arguments (Peewee, django-environ), or mysql2 for Ruby and Rails. \
                    DATABASE_HOST and the like say the same in parts.
                    """),
            Key(
                name: "wait", kind: .duration(0...300), presence: .preset("10s"),
                synonyms: ["timeout", "timeouts", "connect_timeout", "wait_timeout", "queue"],
                explanation: """
                    How long a new connection waits while no server is open for it, as when the primary restarts; then \
                    it is refused with error 1053. Keep it below the time that the app gives a connection.
                    """),
        ])
}

/// Laravel, Symfony, WordPress, and plain PHP. What serves them is PHP's own server, which every PHP has.
extension ProjectDetection {
    private static let remark =
        "This is PHP's server for development; FrankenPHP and RoadRunner are some for production."
    /// One process of PHP's server answers one request at a time.
    private static let workers = ProjectKind.Variable(name: "PHP_CLI_SERVER_WORKERS", value: "4")

    static func php(_ files: ProjectFiles) -> ProjectKind? {
        if files.has("artisan") { return laravel(files) }
        let packages = files.text("composer.json") ?? ""
        if files.has("wp-load.php") || files.has("wp-config-sample.php") { return wordPress(files) }
        let root = ["public", "web", "www", "htdocs"].first { files.has("\($0)/index.php") }
        if files.has("bin/console"), packages.contains("symfony/"), let root { return symfony(files, packages, root) }
        if let root {
            var kind = ProjectKind(
                title: "a PHP project", run: #"exec php -S "$HOST:$PORT" -t \#(root)"#, environment: [workers],
                remarks: [remark])
            kind.health = HealthRoute.path(in: files, [".php"])
            return kind
        }
        guard files.has("index.php") else { return nil }
        return routed(files, "a PHP project")
    }

    private static func laravel(_ files: ProjectFiles) -> ProjectKind {
        // Without --no-reload, `artisan serve` keeps the environment from the app where there is a file .env.
        var kind = ProjectKind(
            title: "a Laravel project", run: #"exec php artisan serve --no-reload --host="$HOST" --port="$PORT""#,
            environment: [workers], remarks: [remark])
        kind.before = "composer install"
        kind.prepare = "php artisan migrate --force"
        let start = files.text("bootstrap/app.php") ?? ""
        kind.health = start.firstMatch(of: /health:\s*["'](\/[\w\/-]+)["']/).map { String($0.1) } ?? "/"
        kind.remarks += [
            "In bootstrap/app.php: $middleware->trustProxies(at: ['127.0.0.0/8']), so that links begin with https.",
            "Set DB_CONNECTION=mysql, DB_URL from DATABASE_URL, and MYSQL_ATTR_SSL_CA from DATABASE_CA.",
        ]
        kind.staticFiles = [.init(prefix: "/", folder: "public")]
        return kind
    }

    private static func symfony(_ files: ProjectFiles, _ packages: String, _ root: String) -> ProjectKind {
        var kind = ProjectKind(
            title: "a Symfony project", run: #"exec php -S "$HOST:$PORT" -t \#(root)"#, environment: [workers],
            remarks: [remark])
        kind.before = "composer install"
        if packages.contains("doctrine-migrations-bundle") {
            kind.prepare = "php bin/console doctrine:migrations:migrate --no-interaction --allow-no-migration"
        }
        kind.health = HealthRoute.path(in: files, [".php", "routes.yaml"])
        kind.remarks += [
            "In config/packages/framework.yaml: trusted_proxies: '127.0.0.0/8', and",
            "trusted_headers: ['x-forwarded-for', 'x-forwarded-proto', 'x-forwarded-host', 'x-forwarded-port'].",
        ]
        kind.staticFiles = [.init(prefix: "/", folder: root)]
        return kind
    }

    private static func wordPress(_ files: ProjectFiles) -> ProjectKind {
        var kind = routed(files, "WordPress")
        kind.staticFiles = ["wp-content", "wp-includes"].map { .init(prefix: "/\($0)", folder: $0) }
        kind.remarks += [
            "wp-config.php takes DB_HOST, DB_NAME, DB_USER and DB_PASSWORD from the environment, asks for TLS with",
            "define('MYSQL_CLIENT_FLAGS', MYSQLI_CLIENT_SSL), and sets $_SERVER['HTTPS'] = 'on' where the request's",
            "header X-Forwarded-Proto is https. docs/guides/wordpress.md in Tandem's source has the whole file.",
        ]
        return kind
    }

    /// A project whose top folder is the site's: the stack file, and with it every password, would be among its pages
    /// if PHP served that folder as it is. So a script chooses what may be seen.
    private static func routed(_ files: ProjectFiles, _ title: String) -> ProjectKind {
        var kind = ProjectKind(
            title: title, run: #"exec php -S "$HOST:$PORT" \#(PHPRouter.name)"#, environment: [workers],
            remarks: [
                remark,
                "\(PHPRouter.name) keeps the stack file, hidden folders and other private files from visitors,",
                "and answers /health itself.",
            ], companion: .init(name: PHPRouter.name, text: PHPRouter.text))
        kind.health = "/health"
        return kind
    }
}

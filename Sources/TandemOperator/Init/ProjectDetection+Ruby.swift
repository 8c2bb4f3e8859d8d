extension ProjectDetection {
    /// Rails, and what config.ru names.
    static func ruby(_ files: ProjectFiles) -> ProjectKind? {
        guard let gems = files.text("Gemfile") else { return nil }
        if files.has("config/application.rb"), gems.contains(/["']rails["']/) { return rails(files) }
        guard files.has("config.ru") else { return nil }
        var kind = ProjectKind(
            title: "a Ruby project (Rack)", run: #"exec bundle exec puma --bind "tcp://$HOST:$PORT""#)
        if !gems.contains("puma") {
            kind.run = #"exec bundle exec rackup --host "$HOST" --port "$PORT""#
        }
        kind.before = "bundle install"
        kind.health = HealthRoute.path(in: files, [".rb", "config.ru"])
        return kind
    }

    private static func rails(_ files: ProjectFiles) -> ProjectKind {
        // Both servers share the folder, and Rails refuses to start where another process's pid file is.
        let pid = #""tmp/pids/$TANDEM_HOST-$PORT.pid""#
        var kind = ProjectKind(
            title: "a Rails app", run: #"exec bin/rails server --binding "$HOST" --port "$PORT" --pid \#(pid)"#)
        kind.before = "bundle install"
        kind.prepare = "bin/rails db:prepare"
        let routes = files.text("config/routes.rb") ?? ""
        let up = routes.firstMatch(of: /["'](\/?\w+)["']\s*=>\s*["']rails\/health#show["']/)?.1
        kind.health =
            up.map { $0.hasPrefix("/") ? String($0) : "/\($0)" } ?? HealthRoute.path(in: routes) ?? "/"
        kind.databaseURL = "mysql2"
        kind.remarks = [
            "In config/environments: config.hosts << \"localhost\" (the stack's domain), where that list is used;",
            "config.assume_ssl = true, because TLS ends before the app. Rails trusts proxies on loopback.",
        ]
        if files.hasFolder("public") { kind.staticFiles = [.init(prefix: "/", folder: "public")] }
        return kind
    }
}

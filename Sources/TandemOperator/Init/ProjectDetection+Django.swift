import Foundation

extension ProjectDetection {
    static func django(_ files: ProjectFiles, _ project: PythonProject) -> ProjectKind {
        let settings = DjangoSettings(files)
        var kind = ProjectKind(
            title: "a Django project", run: #"exec \#(project.python) manage.py runserver --noreload "$HOST:$PORT""#)
        let gunicorn =
            #"exec \#(project.bin)gunicorn --bind "$HOST:$PORT" --threads 8 \#(settings.wsgi ?? "SITE.wsgi")"#
        if project.has("gunicorn"), settings.wsgi != nil {
            kind.run = gunicorn
        } else {
            kind.remarks += [
                "This is Django's server for development. Install gunicorn and write instead:", "run: \(gunicorn)",
            ]
        }
        kind.prepare = "\(project.python) manage.py migrate --noinput"
        kind.health = health(files, settings)
        kind.remarks += [
            "Django's settings need these lines (docs/guides/django.md in Tandem's source explains them):",
            "  ALLOWED_HOSTS = [\"localhost\"]    # the stack's domain",
            "  SECURE_PROXY_SSL_HEADER = (\"HTTP_X_FORWARDED_PROTO\", \"https\")",
            "Without the second line, forms need the site's address in CSRF_TRUSTED_ORIGINS.",
        ]
        if let root = settings.staticRoot {
            kind.prepare? += " && \(project.python) manage.py collectstatic --noinput"
            kind.staticFiles = [.init(prefix: settings.staticPrefix, folder: root)]
        } else {
            kind.remarks += [
                "gunicorn serves no static files. Set STATIC_ROOT = BASE_DIR / \"staticfiles\" there, and add",
                "`manage.py collectstatic --noinput` to `prepare`; `web: static` has nginx serve that folder.",
            ]
        }
        return kind
    }

    private static func health(_ files: ProjectFiles, _ settings: DjangoSettings) -> String {
        let routes = settings.folder.flatMap { files.text("\($0)/urls.py") } ?? ""
        if let path = HealthRoute.path(in: routes) { return path }
        // The front page of a new project is there only while DEBUG is on.
        if let admin = routes.firstMatch(of: /["']([\w-]+\/)["']\s*,\s*admin\.site\.urls/) {
            return "/\(admin.1)login/"
        }
        return HealthRoute.path(in: files, ["urls.py"])
    }
}

/// What `tandem init` wants to know of a Django project's settings.
struct DjangoSettings {
    /// The module with the WSGI application, such as `shop.wsgi`.
    let wsgi: String?
    /// The folder of the project's own package.
    let folder: String?
    let staticRoot: String?
    let staticPrefix: String

    init(_ files: ProjectFiles) {
        let named = files.text("manage.py")?
            .firstMatch(of: /DJANGO_SETTINGS_MODULE["']\s*,\s*["']([\w.]+)["']/)?.1
        let module = named.map(String.init) ?? files.folders(with: "settings.py").first.map { "\($0).settings" }
        let path = module?.replacing(".", with: "/") ?? ""
        let package = module?.split(separator: ".").first.map(String.init)
        // Settings in several files keep what all share in base.py.
        let names = [
            "\(path).py", "\(path)/__init__.py", "\(path)/base.py",
            "\((path as NSString).deletingLastPathComponent)/base.py",
        ]
        let text = names.compactMap(files.text).joined(separator: "\n")
        let stated = text.firstMatch(of: /(?m)^WSGI_APPLICATION\s*=\s*["']([\w.]+)\.\w+["']/)?.1
        let site = package.flatMap { files.has("\($0)/wsgi.py") ? $0 : nil } ?? files.folders(with: "wsgi.py").first
        wsgi = stated.map(String.init) ?? site.map { "\($0).wsgi" }
        folder = package ?? site
        staticRoot = Self.staticRoot(text)
        let prefix = text.firstMatch(of: /(?m)^STATIC_URL\s*=\s*["']\/?([\w\/-]+?)\/?["']/)?.1
        staticPrefix = "/\(prefix ?? "static")"
    }

    /// The folder's path below the project, from `BASE_DIR / "a" / "b"` or `os.path.join(BASE_DIR, "a")`.
    private static func staticRoot(_ text: String) -> String? {
        guard let value = text.firstMatch(of: /(?m)^STATIC_ROOT\s*=\s*(.*BASE_DIR.*)$/)?.1 else { return nil }
        let parts = value.matches(of: /["']([\w.-]+(?:\/[\w.-]+)*)\/?["']/).map { String($0.1) }
        guard !parts.isEmpty, !parts.contains(where: { $0.contains("..") }) else { return nil }
        return parts.joined(separator: "/")
    }
}

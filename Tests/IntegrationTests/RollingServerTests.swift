import Foundation
import Testing

/// App servers of several languages, as their documentation has them run. Those that `bin/setup` does not install are
/// tried where they are there and `TANDEM_TEST_ROLLING` (a number above 1) asks for it; uWSGI only then, too, for the
/// sake of time.
extension IntegrationTests {
    private static func areInstalled(_ programs: String...) -> Bool {
        programs.allSatisfy { program in
            ["/usr/bin", "/usr/sbin"].contains { FileManager.default.isExecutableFile(atPath: "\($0)/\(program)") }
        }
    }

    private static let isLong = rounds > 1

    private func write(_ files: [String: String], in stack: TrialStack) throws {
        for (name, text) in files {
            try text.write(toFile: "\(stack.folder)/\(name)", atomically: true, encoding: .utf8)
        }
    }

    private func restartUnderLoad(_ stack: TrialStack) async throws {
        try await ending(stack) { stack in
            try await stack.succeed("up", "--detach")
            try await restartUnderLoad(stack, try await stack.status(), posts: true)
        }
    }

    /// By itself uWSGI reloads on SIGTERM instead of ending.
    @Test(
        "uWSGI restarts without losing a request, whether it ends in order or at once",
        .enabled(if: isLong), arguments: uwsgiEndings)
    func rollingUWSGI(ending: String) async throws {
        let stack = try TrialStack(
            "ituwsgi",
            """
            app:
              run: exec uwsgi --plugin python3 --http-socket "$HOST:$PORT" --module app:app --need-app --master --processes 2 --threads 4 --disable-logging \(ending)
              timeouts: {stop: 20s}
            """)
        try write(
            [
                "app.py": """
                import time
                def app(environ, start):
                    environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
                    if environ["PATH_INFO"] == "/slow": time.sleep(1)
                    start("200 OK", [("Content-Length", "3")])
                    return [b"ok\\n"]
                """
            ], in: stack)
        try await restartUnderLoad(stack)
    }

    private static let uwsgiEndings = [
        #"--hook-master-start "unix_signal:15 gracefully_kill_them_all""#, "--die-on-term",
    ]

    @Test(
        "Django behind gunicorn, which writes a row for each POST, restarts without losing a request",
        .enabled(if: areInstalled("django-admin", "gunicorn")))
    func rollingDjango() async throws {
        let stack = try TrialStack(
            "itdjango",
            """
            app:
              prepare: exec python3 -c 'import mysite; mysite.prepare()'
              run: exec gunicorn --workers 2 --threads 4 --bind "$HOST:$PORT" mysite:application
              timeouts: {stop: 35s}
            """)
        try write(
            [
                "mysite.py": """
                import os, time
                import pymysql
                pymysql.install_as_MySQLdb()
                import django
                from django.conf import settings
                from django.core.wsgi import get_wsgi_application
                from django.db import connection, models
                from django.http import HttpResponse
                from django.urls import path
                def part(name): return os.environ["DATABASE_" + name]
                settings.configure(
                    ALLOWED_HOSTS=["localhost"], ROOT_URLCONF="mysite", SECRET_KEY=os.environ["TANDEM_SESSION_KEY"],
                    MIDDLEWARE=["django.middleware.security.SecurityMiddleware", "django.middleware.common.CommonMiddleware"],
                    SECURE_SSL_REDIRECT=True, SECURE_PROXY_SSL_HEADER=("HTTP_X_FORWARDED_PROTO", "https"),
                    DATABASES={"default": {
                        "ENGINE": "django.db.backends.mysql", "NAME": part("NAME"), "USER": part("USER"), "PASSWORD": part("PASSWORD"),
                        "HOST": part("HOST"), "PORT": part("PORT"), "CONN_MAX_AGE": 60, "OPTIONS": {"ssl": {"ca": part("CA")}}}})
                application = get_wsgi_application()
                class Note(models.Model):
                    text = models.CharField(max_length=20)
                    class Meta: app_label = "mysite"
                def prepare():
                    with connection.cursor() as cursor:
                        cursor.execute("CREATE TABLE IF NOT EXISTS mysite_note (id INT AUTO_INCREMENT PRIMARY KEY, text VARCHAR(20) NOT NULL)")
                def page(request):
                    if request.path == "/slow": time.sleep(1)
                    if request.method == "POST": Note.objects.create(text=request.body.decode())
                    return HttpResponse("%d\\n" % Note.objects.count())
                urlpatterns = [path("", page), path("slow", page), path("health", lambda request: HttpResponse("ok\\n"))]
                """
            ], in: stack)
        try await restartUnderLoad(stack)
    }

    @Test(
        "php-fpm behind an Apache of its own restarts without losing a request",
        .enabled(if: isLong && areInstalled("php-fpm8.2", "apache2")))
    func rollingPHP() async throws {
        let stack = try TrialStack("itphp", "app:\n  run: exec sh serve.sh\n  timeouts: {stop: 20s}")
        let modules = ["mpm_event", "authz_core", "dir", "proxy", "proxy_fcgi"].map {
            "LoadModule \($0)_module /usr/lib/apache2/modules/mod_\($0).so"
        }
        try FileManager.default.createDirectory(
            atPath: "\(stack.folder)/pages", withIntermediateDirectories: false)
        try write(
            [
                "pages/index.php": """
                <?php
                if ($_SERVER['REQUEST_URI'] === '/slow') sleep(1);
                echo "ok\\n";
                """,
                "fpm.conf": """
                [global]
                error_log = /dev/stderr
                process_control_timeout = 15s
                [www]
                listen = ${SOCKET}
                pm = static
                pm.max_children = 8
                """,
                "apache.conf": """
                \(modules.joined(separator: "\n"))
                ServerRoot "\(stack.folder)"
                ServerName localhost
                ErrorLog /dev/stderr
                DocumentRoot "\(stack.folder)/pages"
                DefaultRuntimeDir "\(stack.folder)/work"
                <Directory "\(stack.folder)/pages">
                  Require all granted
                  FallbackResource /index.php
                </Directory>
                <FilesMatch "\\.php$">
                  SetHandler "proxy:unix:${SOCKET}|fcgi://localhost"
                </FilesMatch>
                """,
                // PHP goes last: Apache still has answers to fetch.
                "serve.sh": """
                export SOCKET="$PWD/work/$TANDEM_HOST.sock"
                php-fpm8.2 --nodaemonize --fpm-config fpm.conf & php=$!
                apache2 -f "$PWD/apache.conf" -C "Listen $HOST:$PORT" -C "PidFile $PWD/work/$TANDEM_HOST.pid" -D FOREGROUND & apache=$!
                trap 'kill -WINCH $apache' TERM
                wait $apache
                wait $apache
                kill -QUIT $php
                wait $php
                """,
            ], in: stack)
        try await restartUnderLoad(stack)
    }

    @Test(
        "an app of Node that knows no signal, started by npm, restarts without losing a request",
        .enabled(if: isLong && areInstalled("node", "npm")))
    func rollingNode() async throws {
        let stack = try TrialStack("itnode", "app:\n  run: npm start\n  timeouts: {stop: 20s}")
        try write(
            [
                "package.json": #"{"name": "itnode", "version": "1.0.0", "scripts": {"start": "node server.js"}}"#,
                "server.js": """
                require('http').createServer((request, answer) => {
                    request.resume();
                    request.on('end', () => setTimeout(() => answer.end('ok\\n'), request.url === '/slow' ? 1000 : 0));
                }).listen(process.env.PORT, process.env.HOST);
                """,
            ], in: stack)
        try await restartUnderLoad(stack)
    }
}

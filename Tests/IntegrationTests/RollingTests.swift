import Foundation
import Glibc
import Testing

/// Apps of every shape are restarted under load, one server after the other, and no visitor notices.
/// `TANDEM_TEST_ROLLING=10` restarts each ten times.
extension IntegrationTests {
    static var rounds: Int {
        ProcessInfo.processInfo.environment["TANDEM_TEST_ROLLING"].flatMap { Int($0) } ?? 1
    }

    @Test(
        "gunicorn, which takes requests for its own name by HTTPS alone, restarts without losing one; its preparation runs once"
    )
    func rollingGunicorn() async throws {
        let stack = try TrialStack(
            "itgunicorn",
            """
            app:
              run: python3 -m gunicorn --workers 2 --threads 4 --bind "$HOST:$PORT" --graceful-timeout 15 app:app
              prepare: echo "$TANDEM_HOST $DATABASE_NAME $TANDEM_URL" >> work/prepared; test ! -e work/broken
              timeouts: {stop: 20s}
            """)
        try """
        import time
        def app(environ, start):
            own = environ["HTTP_HOST"].startswith("localhost:") and environ["HTTP_X_FORWARDED_PROTO"] == "https"
            if environ["PATH_INFO"] == "/slow": time.sleep(1)
            start("200 OK" if own else "400 Bad Request", [("Content-Length", "3")])
            return [b"ok\\n"]
        """.write(toFile: "\(stack.folder)/app.py", atomically: true, encoding: .utf8)
        try await ending(stack) { stack in
            try await stack.succeed("up", "--detach")
            let status = try await stack.status()
            let prepared = { try String(contentsOfFile: "\(stack.folder)/work/prepared", encoding: .utf8) }
            let line = "server1 itgunicorn \(status.url)\n"
            #expect(try prepared() == line)
            try await restartUnderLoad(stack, status, posts: true)
            #expect(try prepared() == String(repeating: line, count: 1 + Self.rounds))
            try await refusesToRestart(stack)
            try await runsCommands(stack, status)
        }
    }

    /// A preparation that fails stops a deploy before anything is touched.
    private func refusesToRestart(_ stack: TrialStack) async throws {
        try "".write(toFile: "\(stack.folder)/work/broken", atomically: true, encoding: .utf8)
        let before = try await stack.status()
        let outcome = try await stack.tandem("restart", "app")
        #expect(
            outcome.status == 1 && outcome.errors.contains("`prepare` on server1 exited with status 1"), "\(outcome)")
        #expect(outcome.errors.contains("Nothing was restarted"))
        let after = try await stack.status()
        for host in ["server1", "server2"] {
            #expect(try after.service("app", on: host).pid == before.service("app", on: host).pid)
        }
    }

    /// `tandem run` is where the app is, and ends as its command does.
    private func runsCommands(_ stack: TrialStack, _ status: Status) async throws {
        let script = "echo \"$TANDEM_HOST $PWD $TANDEM_URL ${DATABASE_URL%%:*} ${TANDEM_SERVICE-none}\"; exit 7"
        let outcome = try await stack.tandem("run", "server2", "--", "sh", "-c", script, environment: ["STRANGE": "1"])
        #expect(outcome.status == 7)
        let folder = URL(fileURLWithPath: stack.folder).resolvingSymlinksInPath().path
        #expect(outcome.output == "server2 \(folder) \(status.url) mysql none\n", "\(outcome)")
        #expect(try await stack.tandem("run", "--", "sh", "-c", "kill -TERM $$").status == 128 + 15)
        #expect(try await stack.tandem("run", "--", "no-such-program").status == 127)
        #expect(try await stack.tandem("run").status == 2)
        #expect(try await stack.tandem("run", "lb1", "--", "true").status == 2)
        #expect(try await !stack.tandem("run", "--", "env").output.contains("STRANGE"))
    }

    @Test("Apache, which ends in order on WINCH, restarts without losing a request")
    func rollingApache() async throws {
        let stack = try TrialStack(
            "itapache",
            """
            app:
              run: exec /usr/sbin/apache2 -f "$PWD/apache.conf" -C "Listen $HOST:$PORT" -C "PidFile $PWD/work/$TANDEM_HOST.pid" -D FOREGROUND
              stop_signal: WINCH
              timeouts: {stop: 20s}
            """)
        let modules = ["mpm_event", "authz_core", "dir", "env", "setenvif", "ratelimit"].map {
            "LoadModule \($0)_module /usr/lib/apache2/modules/mod_\($0).so"
        }
        // A slow answer is one that takes its time: 24 KB at 16 KB a second.
        try """
        \(modules.joined(separator: "\n"))
        ServerRoot "\(stack.folder)"
        ServerName localhost
        ErrorLog /dev/stderr
        DocumentRoot "\(stack.folder)/pages"
        DefaultRuntimeDir "\(stack.folder)/work"
        User nobody
        Group nogroup
        KeepAliveTimeout 10
        <Directory "\(stack.folder)/pages">
          Require all granted
        </Directory>
        <Location "/slow">
          SetOutputFilter RATE_LIMIT
          SetEnv rate-limit 16
        </Location>
        """.write(toFile: "\(stack.folder)/apache.conf", atomically: true, encoding: .utf8)
        try FileManager.default.createDirectory(
            atPath: "\(stack.folder)/pages", withIntermediateDirectories: false)
        for (name, size) in [("health", 3), ("slow", 24_000), ("index.html", 3)] {
            try String(repeating: "x", count: size).write(
                toFile: "\(stack.folder)/pages/\(name)", atomically: true, encoding: .utf8)
        }
        try await ending(stack) { stack in
            try await stack.succeed("up", "--detach")
            try await restartUnderLoad(stack, try await stack.status())
        }
    }

    @Test("an app behind a shell that ends at once, as behind npm, restarts without losing a request")
    func rollingShell() async throws {
        let stack = try TrialStack(
            "itshell",
            """
            app:
              run: sh -c 'python3 app.py & wait' & wait
              timeouts: {stop: 20s}
            """)
        try """
        import os, signal, threading, time
        from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
        class App(BaseHTTPRequestHandler):
            def do_GET(self):
                if self.path == "/slow": time.sleep(1)
                self.send_response(200)
                self.send_header("Content-Length", "3")
                self.end_headers()
                self.wfile.write(b"ok\\n")
            def do_POST(self):
                self.rfile.read(int(self.headers["Content-Length"]))
                self.do_GET()
            def log_message(self, *_): pass
        class Server(ThreadingHTTPServer):
            daemon_threads = False
            request_queue_size = 128
        server = Server((os.environ["HOST"], int(os.environ["PORT"])), App)
        signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=server.shutdown).start())
        server.serve_forever()
        server.server_close()
        """.write(toFile: "\(stack.folder)/app.py", atomically: true, encoding: .utf8)
        try await ending(stack) { stack in
            try await stack.succeed("up", "--detach")
            try await restartUnderLoad(stack, try await stack.status(), posts: true)
            try await restartServersUnderLoad(stack, try await stack.status())
        }
    }

    /// What closes connections that idle, on either side: a POST that is just being sent on one may not be lost.
    private func restartServersUnderLoad(_ stack: TrialStack, _ status: Status) async throws {
        let file = try String(contentsOfFile: "\(stack.folder)/tandem.yaml", encoding: .utf8)
            .split(separator: "\n").dropFirst().joined(separator: "\n")
        let tally = try await Load(["\(status.url)/"], pause: .milliseconds(5), posts: true).during { load in
            for round in 1...Self.rounds {
                for service in ["nginx", "haproxy"] {
                    load.note("restart \(service)")
                    try await stack.succeed("restart", service)
                }
                load.note("new settings of nginx and HAProxy")
                try stack.write(
                    "\(file)\nweb: {body_limit: \(40 + round)mb}\nbalancer: {max_connections: \(3000 + round)}")
                try await stack.succeed("up", "--detach")
            }
        }
        print("\(stack.name): restarts of its servers: \(tally)")
        #expect(tally.failed.isEmpty && tally.retried == 0 && tally.answered > 20, "\(tally)")
    }

    func ending(_ stack: TrialStack, _ body: (TrialStack) async throws -> Void) async throws {
        // Whoever the app runs as may write here.
        try FileManager.default.createDirectory(atPath: "\(stack.folder)/work", withIntermediateDirectories: false)
        chmod("\(stack.folder)/work", 0o777)
        do {
            try await body(stack)
        } catch {
            try await stack.end()
            throw error
        }
        try await stack.end()
    }

    /// - Parameter posts: whether the app takes POSTs.
    func restartUnderLoad(_ stack: TrialStack, _ status: Status, posts: Bool = false) async throws {
        let load = Load(["\(status.url)/", "\(status.url)/slow"], posts: posts)
        let tally = try await load.during(clients: 8) { load in
            for round in 1...Self.rounds {
                load.note("restart \(round)")
                try await stack.succeed("restart", "app")
            }
        }
        print("\(stack.name): \(Self.rounds) rolling restarts: \(tally)")
        // What nginx said goes with the stack.
        let said = tally.failed.isEmpty ? "" : try await stack.tandem("logs", "nginx", "--lines", "5000").output
        let complaints = said.split(separator: "\n").filter { !$0.contains("nginx-access") || !$0.contains(" 200 ") }
        #expect(tally.failed.isEmpty, "\(tally)\n\(complaints.suffix(20).joined(separator: "\n"))")
        // Nor was one sent again: what was in flight was finished.
        #expect(tally.retried == 0 && tally.answered > 20, "\(tally)")
    }
}

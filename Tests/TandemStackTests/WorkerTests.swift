import Foundation
import TandemStack
import Testing

@Suite("The app's workers")
struct WorkerTests {
    @Test("are commands, or maps, in the order of the file")
    func forms() throws {
        let stack = try load(
            """
            stack: shop
            app:
              run: x
              timeouts: {stop: 20s}
              workers:
                mailer: celery -A shop worker
                clock: {run: ./clock, stop: 3s, stop_signal: INT}
                worker: {run: "./work"}
                beat: {run: celery beat, on: one}
                queue: {on: all, run: ./queue}
            """)
        #expect(
            stack.app.workers == [
                Worker(name: "mailer", run: "celery -A shop worker", stopTimeoutSeconds: 20),
                Worker(name: "clock", run: "./clock", stopSignal: .int, stopTimeoutSeconds: 3),
                Worker(name: "worker", run: "./work", stopTimeoutSeconds: 20),
                Worker(name: "beat", run: "celery beat", stopTimeoutSeconds: 20, placement: .one),
                Worker(name: "queue", run: "./queue", stopTimeoutSeconds: 20),
            ])
        #expect(try load(smallest).app.workers.isEmpty)
        #expect(try load("stack: shop\napp:\n  run: x\n  workers:\n").app.workers.isEmpty)
    }

    @Test("Every problem is told in its place", arguments: workerErrors)
    func errorsAreTold(golden: Golden) {
        #expect(errors(golden.input + "\n") == golden.output)
    }

    @Test("are at most twenty")
    func most() {
        let lines = (1...21).map { "    w\($0): x\n" }.joined()
        #expect(
            errors("stack: shop\napp:\n  run: x\n  workers:\n" + lines)
                == "tandem.yaml:5:5: error: app.workers: expected at most 20 workers, found 21")
    }

    @Test("run on every app host in a stack that an earlier version applied")
    func earlier() throws {
        let text = #"{"name":"mailer","run":"x","stopSignal":"TERM","stopTimeoutSeconds":10}"#
        #expect(
            try JSONDecoder().decode(Worker.self, from: Data(text.utf8))
                == Worker(name: "mailer", run: "x", stopTimeoutSeconds: 10))
    }

    @Test("get a name for what is called so elsewhere, unless it belongs to a part of Tandem")
    func likeNames() {
        #expect(Worker.name(like: "Mail_Queue") == "mail-queue")
        #expect(Worker.name(like: "worker") == "worker")
        #expect(Worker.name(like: "mysql") == nil && Worker.name(like: "app-2") == nil && Worker.name(like: "1") == nil)
    }
}

private let workerErrors = [
    Golden(
        "Names",
        #"""
        stack: shop
        hosts: {one: {roles: [balancer, web, app, database]}}
        app:
          run: x
          workers: {Mail_Queue: x, app-2: x, agent: x, one: x, nginx-access: x, a: x}
        """#,
        #"""
        tandem.yaml:5:13: error: app.workers: expected a name of 1 to 20 lower-case letters, digits and hyphens that begins with a letter, found 'Mail_Queue'; did you mean 'mail-queue'?
        tandem.yaml:5:28: error: app.workers: the name 'app-2' belongs to a part of Tandem; expected another name
        tandem.yaml:5:38: error: app.workers: the name 'agent' belongs to a part of Tandem; expected another name
        tandem.yaml:5:48: error: app.workers: 'one' is the name of a host; expected another name
        tandem.yaml:5:56: error: app.workers: the name 'nginx-access' belongs to a part of Tandem; expected another name
        """#),
    Golden(
        "What they run",
        #"""
        stack: shop
        app:
          run: x
          workers:
            a: [x]
            b: {stop: 5s}
            c: " "
            d: {run: x, comand: y}
            e: 5
            f: {run: x, on: server1}
        """#,
        #"""
        tandem.yaml:5:8: error: app.workers.a: expected a command line, or a map with run, on, stop_signal, stop, found a list
        tandem.yaml:6:5: error: app.workers.b.run is missing; expected a command line, such as 'run: celery -A shop worker'
        tandem.yaml:7:8: error: app.workers.c: expected a command line, found nothing but blanks
        tandem.yaml:8:17: error: unknown key 'comand' in app.workers.d; expected one of run, on, stop_signal, stop
        tandem.yaml:9:8: error: app.workers.e: expected a command line, found the number '5'; if it is meant as text, put quotes around it
        tandem.yaml:10:21: error: app.workers.f.on: expected one of all, one, found 'server1'
        """#),
    Golden(
        "No map",
        #"""
        stack: shop
        app: {run: x, workers: [mailer]}
        """#,
        #"""
        tandem.yaml:2:24: error: app.workers: expected a map: each worker's name, then its command or a map with run, on, stop_signal, stop, found a list
        """#),
]

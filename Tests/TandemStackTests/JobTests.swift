import TandemStack
import Testing

@Suite("The app's jobs")
struct JobTests {
    @Test("are maps, in the order of the file")
    func forms() throws {
        let stack = try load(
            """
            stack: shop
            app:
              run: x
              timeouts: {stop: 20s}
              jobs:
                digest: {run: ./manage.py send_digest, at: "0 7 * * mon-fri"}
                cleanup: {run: "./clean", at: "@daily", timeout: 10m}
            """)
        #expect(
            stack.app.jobs == [
                Job(
                    name: "digest", run: "./manage.py send_digest",
                    schedule: try CronSchedule(parsing: "0 7 * * mon-fri"), timeoutSeconds: 3600, stopTimeoutSeconds: 20
                ),
                Job(
                    name: "cleanup", run: "./clean", schedule: try CronSchedule(parsing: "@daily"), timeoutSeconds: 600,
                    stopTimeoutSeconds: 20),
            ])
        #expect(stack.app.longestStopSeconds == 20)
        #expect(try load(smallest).app.jobs.isEmpty)
    }

    @Test("Every problem is told in its place", arguments: jobErrors)
    func errorsAreTold(golden: Golden) {
        #expect(errors(golden.input + "\n") == golden.output)
    }

    @Test("are at most twenty")
    func most() {
        let lines = (1...21).map { "    j\($0): {run: x, at: \"@daily\"}\n" }.joined()
        #expect(
            errors("stack: shop\napp:\n  run: x\n  jobs:\n" + lines)
                == "tandem.yaml:5:5: error: app.jobs: expected at most 20 jobs, found 21")
    }
}

private let jobErrors = [
    Golden(
        "Names",
        #"""
        stack: shop
        hosts: {one: {roles: [balancer, web, app, database]}}
        app:
          run: x
          workers: {mailer: x}
          jobs:
            Digest: {run: x, at: "@daily"}
            mailer: {run: x, at: "@daily"}
            one: {run: x, at: "@daily"}
            mysql: {run: x, at: "@daily"}
        """#,
        #"""
        tandem.yaml:7:5: error: app.jobs: expected a name of 1 to 20 lower-case letters, digits and hyphens that begins with a letter, found 'Digest'; did you mean 'digest'?
        tandem.yaml:8:5: error: app.jobs: 'mailer' is the name of a worker; expected another name
        tandem.yaml:9:5: error: app.jobs: 'one' is the name of a host; expected another name
        tandem.yaml:10:5: error: app.jobs: the name 'mysql' belongs to a part of Tandem; expected another name
        """#),
    Golden(
        "When and what",
        #"""
        stack: shop
        app:
          run: x
          jobs:
            a: {run: x, at: "0 0 30 2 *"}
            b: {run: x, at: "0 7 * *"}
            c: {run: x, at: 5}
            d: {run: x}
            e: {at: "@daily"}
            f: {run: x, cron: "@daily"}
            g: {run: x, at: "@daily", timeout: 2d}
            h: ./work
        """#,
        #"""
        tandem.yaml:5:21: error: app.jobs.a.at: expected the five fields of crontab(5) such as "0 7 * * *", or "@daily" and the like, found '0 0 30 2 *': 30 February never comes
        tandem.yaml:6:21: error: app.jobs.b.at: expected the five fields of crontab(5) such as "0 7 * * *", or "@daily" and the like, found '0 7 * *': it has 4 fields and not 5: minute, hour, day of the month, month, day of the week
        tandem.yaml:7:21: error: app.jobs.c.at: expected the five fields of crontab(5) such as "0 7 * * *", or "@daily" and the like, found the number '5': it has 1 field and not 5: minute, hour, day of the month, month, day of the week
        tandem.yaml:8:5: error: app.jobs.d.at is missing; expected the five fields of crontab(5) such as "0 7 * * *", or "@daily" and the like, such as 'at: "0 7 * * mon-fri"'
        tandem.yaml:9:5: error: app.jobs.e.run is missing; expected a command line, such as 'run: ./manage.py send_digest'
        tandem.yaml:10:17: error: unknown key 'cron' in app.jobs.f; here it is called 'at'
        tandem.yaml:11:40: error: app.jobs.g.timeout: expected a time such as 30s (s, m or h), 1s to 24h, found '2d'
        tandem.yaml:12:8: error: app.jobs.h: expected a map with run, at, timeout, found './work'
        """#),
    Golden(
        "No map",
        #"""
        stack: shop
        app: {run: x, jobs: [digest]}
        """#,
        #"""
        tandem.yaml:2:21: error: app.jobs: expected a map: each job's name, then a map with run, at, timeout, found a list
        """#),
]

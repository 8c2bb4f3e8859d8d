import Testing

@Suite("Errors: The app's environment")
struct AppErrorTests {
    @Test("Every problem is told in its place", arguments: appErrors)
    func errorsAreTold(golden: Golden) {
        #expect(errors(golden.input + "\n") == golden.output)
    }
}

private let appErrors = [
    Golden(
        "The app's contract",
        #"""
        stack: shop
        app:
          run: x
          env: {PORT: 80, TANDEM_HOST: x}
          secrets: [DATABASE_URL, DATABASE_CA]
        """#,
        #"""
        tandem.yaml:4:9: error: app.env: PORT is set by Tandem for the app; expected another name
        tandem.yaml:4:19: error: app.env: TANDEM_HOST is set by Tandem for the app; expected another name
        tandem.yaml:5:13: error: app.secrets: DATABASE_URL is set by Tandem for the app; expected another name
        tandem.yaml:5:27: error: app.secrets: DATABASE_CA is set by Tandem for the app; expected another name
        """#),
    Golden(
        "Names of variables",
        #"""
        stack: shop
        app:
          run: x
          env: {"A B": 1, 1A: 1, "A=B": 1, "": 1}
        """#,
        #"""
        tandem.yaml:4:9: error: app.env: expected the name of an environment variable: letters, digits and underscores, found 'A B'
        tandem.yaml:4:19: error: app.env: expected the name of an environment variable: letters, digits and underscores, found '1A'
        tandem.yaml:4:26: error: app.env: expected the name of an environment variable: letters, digits and underscores, found 'A=B'
        tandem.yaml:4:36: error: app.env: expected the name of an environment variable: letters, digits and underscores, found ''
        """#),
    Golden(
        "Values of variables",
        #"""
        stack: shop
        app:
          run: x
          env: {A: , B: [1], C: {d: e}, D: ~}
        """#,
        #"""
        tandem.yaml:4:9: error: app.env.A: expected a value, found nothing; for an empty one write ""
        tandem.yaml:4:17: error: app.env.B: expected one value, found a list
        tandem.yaml:4:25: error: app.env.C: expected one value, found a map
        tandem.yaml:4:33: error: app.env.D: expected a value, found nothing; for an empty one write ""
        """#),
    Golden(
        "Signals",
        #"""
        stack: shop
        app:
          run: x
          stop_signal: SIGTERM
        """#,
        #"""
        tandem.yaml:4:16: error: app.stop_signal: expected one of TERM, QUIT, INT, HUP, USR1, USR2, WINCH, found 'SIGTERM'; did you mean 'TERM'?
        """#),
    Golden(
        "Signals that end nothing in order",
        #"""
        stack: shop
        app:
          run: x
          stop_signal: KILL
        """#,
        #"""
        tandem.yaml:4:16: error: app.stop_signal: expected one of TERM, QUIT, INT, HUP, USR1, USR2, WINCH, found 'KILL'
        """#),
    Golden(
        "A list of variables",
        #"""
        stack: shop
        app:
          run: x
          env: [A=1]
        """#,
        #"""
        tandem.yaml:4:8: error: app.env: expected a map of environment variables, found a list
        """#),
    Golden(
        "A name in env and secrets",
        #"""
        stack: shop
        app:
          run: x
          secrets: [KEY]
          env: {KEY: 1}
        """#,
        #"""
        tandem.yaml:4:13: error: app.secrets: KEY has a value already in line 5; expected each name once
        """#),
    Golden(
        "Secrets",
        #"""
        stack: shop
        app:
          run: x
          secrets:
            A: {env: B, file: c}
            B: {}
            C: value
            D: {from: x}
            E: {env: "x y"}
            F: {file: "a\nb"}
        """#,
        #"""
        tandem.yaml:5:5: error: app.secrets.A: expected one of env, file and command, found env and file
        tandem.yaml:6:5: error: app.secrets.B: expected one of env, file and command, found none of them
        tandem.yaml:7:8: error: app.secrets.C: expected a map with env, file, command, found 'value'
        tandem.yaml:8:9: error: unknown key 'from' in app.secrets.D; expected one of env, file, command
        tandem.yaml:9:14: error: app.secrets.E.env: expected the name of an environment variable: letters, digits and underscores, found 'x y'
        tandem.yaml:10:15: error: app.secrets.F.file: a path must not hold control characters; found 'a\nb'
        """#),
    Golden(
        "A list of secrets",
        #"""
        stack: shop
        app:
          run: x
          secrets: [A, A, {B: c}, ~]
        """#,
        #"""
        tandem.yaml:4:16: error: app.secrets: A has a value already in line 4; expected each name once
        tandem.yaml:4:19: error: app.secrets: expected the name of an environment variable: letters, digits and underscores, found a map
        tandem.yaml:4:27: error: app.secrets: expected the name of an environment variable: letters, digits and underscores, found nothing
        """#),
]

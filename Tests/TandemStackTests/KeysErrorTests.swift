import Testing

@Suite("Errors: Keys")
struct KeysErrorTests {
    @Test("Every problem is told in its place", arguments: keysErrors)
    func errorsAreTold(golden: Golden) {
        #expect(errors(golden.input + "\n") == golden.output)
    }
}

private let keysErrors = [
    Golden(
        "Nothing that is required",
        #"""
        domain: shop.example.com
        """#,
        #"""
        tandem.yaml:1:1: error: stack is missing; expected a name of 1 to 32 lower-case letters, digits and hyphens that begins with a letter, such as 'stack: shop'
        tandem.yaml:1:1: error: app is missing; expected a map with run, prepare, build, files, health, instances, workers, jobs, stop_signal, env, secrets, timeouts
        """#),
    Golden(
        "A misspelt key",
        #"""
        stack: shop
        app:
          run: x
          helth: /up
        """#,
        #"""
        tandem.yaml:4:3: error: unknown key 'helth' in app; did you mean 'health'?
        """#),
    Golden(
        "A misspelt required key is told once",
        #"""
        stack: shop
        app:
          rum: x
        """#,
        #"""
        tandem.yaml:3:3: error: unknown key 'rum' in app; did you mean 'run'?
        """#),
    Golden(
        "A name from elsewhere",
        #"""
        name: shop
        app:
          command: x
          environment: {A: b}
          replicas: 2
        web: {client_max_body_size: 8m}
        balancer: {maxconn: 100}
        """#,
        #"""
        tandem.yaml:1:1: error: unknown key 'name' at the top level; here it is called 'stack'
        tandem.yaml:3:3: error: unknown key 'command' in app; here it is called 'run'
        tandem.yaml:4:3: error: unknown key 'environment' in app; here it is called 'env'
        tandem.yaml:5:3: error: unknown key 'replicas' in app; here it is called 'instances'
        tandem.yaml:6:7: error: unknown key 'client_max_body_size' in web; here it is called 'body_limit'
        tandem.yaml:7:12: error: unknown key 'maxconn' in balancer; here it is called 'max_connections'
        """#),
    Golden(
        "A key in the wrong section",
        #"""
        stack: shop
        run: x
        app:
          run: x
          body_limit: 8mb
        """#,
        #"""
        tandem.yaml:2:1: error: unknown key 'run' at the top level; it belongs under app
        tandem.yaml:5:3: error: unknown key 'body_limit' in app; it belongs under web
        """#),
    Golden(
        "A key that several sections have belongs to the first one that users mean",
        #"""
        stack: shop
        app:
          run: x
          stop: 5s
        """#,
        #"""
        tandem.yaml:4:3: error: unknown key 'stop' in app; it belongs under app.timeouts
        """#),
    Golden(
        "A key that resembles none",
        #"""
        stack: shop
        volumes: {}
        app: {run: x}
        """#,
        #"""
        tandem.yaml:2:1: error: unknown key 'volumes' at the top level; expected one of stack, domain, hosts, ssh, front, firewall, balancer, web, app, database, engines, monitoring, drill
        """#),
    Golden(
        "A list where a section belongs",
        #"""
        stack: shop
        app: [run, x]
        web: true
        """#,
        #"""
        tandem.yaml:2:6: error: app: expected a map with run, prepare, build, files, health, instances, workers, jobs, stop_signal, env, secrets, timeouts, found a list
        tandem.yaml:3:6: error: web: expected a map with static, body_limit, found the boolean 'true'
        """#),
    Golden(
        "A key with control characters",
        #"""
        stack: shop
        app: {run: x}
        "\e[31mred\n": x
        """#,
        #"""
        tandem.yaml:3:1: error: unknown key '\u{1b}[31mred\n' at the top level; expected one of stack, domain, hosts, ssh, front, firewall, balancer, web, app, database, engines, monitoring, drill
        """#),
]

import TandemStack

extension Site {
    var appServices: [ServiceBlueprint] {
        (0..<stack.app.instances).map { index in
            let port = Ports.app + index
            return ServiceBlueprint(
                name: .app,
                instance: index + 1,
                command: AppCommand(run: stack.app.run).words,
                environment: appEnvironment(port: port),
                workingDirectory: stack.app.workingDirectory,
                account: .application,
                readiness: .http(
                    address: host.loopbackAddress, port: port, path: stack.app.health, headers: visitorHeaders),
                startTimeoutSeconds: stack.app.startTimeoutSeconds,
                stop: .init(signal: stack.app.stopSignal.number, boundSeconds: stack.app.stopTimeoutSeconds),
                listeners: [.init(address: host.loopbackAddress, port: port, reach: .host)],
                after: [.router],
                needsDatabase: true)
        }
    }

    /// The command that prepares a new version of the app, once for all instances; nil where there is none. It has the
    /// app's place and environment.
    var preparation: ServiceBlueprint? {
        guard let command = stack.app.prepare, var service = appServices.first else { return nil }
        service.command = AppCommand(run: command).words
        service.startTimeoutSeconds = stack.app.prepareTimeoutSeconds
        return service
    }

    /// As requests arrive through the balancer: many apps answer those alone that come for their own name and by HTTPS.
    private var visitorHeaders: [String: String] {
        let port = stack.balancer.httpsPort.number
        let name = port == 443 ? stack.domain : "\(stack.domain):\(port)"
        return [
            "Host": name, "X-Forwarded-Host": name, "X-Forwarded-Proto": "https", "X-Forwarded-Port": "\(port)",
            "X-Forwarded-For": "127.0.0.1",
        ]
    }

    private func appEnvironment(port: Int) -> [String: EnvironmentValue] {
        var environment = processEnvironment
        environment["HOST"] = EnvironmentValue(host.loopbackAddress)
        environment["PORT"] = EnvironmentValue(String(port))
        return environment
    }

    /// What every process of the app gets. Tandem's own variables are the contract with the app and win over the user's
    /// of the same name.
    var processEnvironment: [String: EnvironmentValue] {
        var environment = stack.app.environment.mapValues { EnvironmentValue($0) }
        for name in stack.app.secrets.keys { environment[name] = EnvironmentValue([.secret("app.\(name)")]) }
        environment.merge(databaseVariables) { _, own in own }
        environment["DATABASE_CA"] = EnvironmentValue(layout.publicCAFile)
        if leadership == .agents {
            environment["TANDEM_TOPOLOGY_URL"] = EnvironmentValue(
                "http://\(host.loopbackAddress):\(Ports.agentTopology)/topology")
        }
        environment["TANDEM_SESSION_KEY"] = EnvironmentValue([.secret("session")])
        environment["TANDEM_URL"] = EnvironmentValue(stack.url)
        environment["TANDEM_STACK"] = EnvironmentValue(stack.name)
        environment["TANDEM_HOST"] = EnvironmentValue(host.name)
        return environment
    }
}

/// How a command line is run so that the signal to end, which goes to the process that was started, reaches the app.
struct AppCommand {
    let run: String

    /// A single command takes the shell's place, so that the process that is watched is the app. A shell that stays is
    /// ended by the signal, before it could begin with the next command, and what it ran is told then. A trap would
    /// keep it waiting for the command in the foreground, which nobody would tell.
    var words: [String] { ["/bin/sh", "-c", isSingleCommand ? "exec \(run)" : run] }

    /// Words without anything that the shell reads a meaning into, the first one a program in a file.
    private var isSingleCommand: Bool {
        let isPlain = { (scalar: Unicode.Scalar) in
            scalar.isASCII && (scalar.properties.isAlphabetic || scalar.properties.numericType != nil)
                || " _-./:@%+,=".unicodeScalars.contains(scalar)
        }
        guard run.unicodeScalars.allSatisfy(isPlain), let first = run.split(separator: " ").first else { return false }
        return !first.contains("=") && (first.contains("/") || !Self.shellWords.contains(String(first)))
    }

    /// What `exec` cannot run, because it is part of the shell.
    private static let shellWords: Set<String> = [
        ".", ":", "alias", "break", "case", "cd", "command", "continue", "eval", "exec", "exit", "export", "for", "if",
        "local", "read", "readonly", "return", "set", "shift", "times", "trap", "type", "ulimit", "umask", "unset",
        "until", "wait", "while",
    ]
}

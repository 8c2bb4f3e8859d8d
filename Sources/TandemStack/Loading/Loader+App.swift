extension Loader {
    /// - Parameter hosts: their names.
    mutating func app(in root: OpenSection, hosts: [String]) -> App {
        let section = open("app", of: root, as: Schema.app)
        let timeouts = open("timeouts", of: section, as: Schema.timeouts)
        var lines: [String: Int] = [:]
        let stopTimeoutSeconds = number("stop", in: timeouts).value
        let workers = workers(in: section, stopTimeoutSeconds: stopTimeoutSeconds, hosts: hosts)
        let taken = hosts.map { ($0, "a host") } + workers.map { ($0.name, "a worker") }
        return App(
            run: text("run", in: section).value,
            workingDirectory: folder,
            health: text("health", in: section).value,
            environment: environment(in: section, lines: &lines),
            secrets: secrets(in: section, lines: &lines),
            instances: number("instances", in: section).value,
            startTimeoutSeconds: number("start", in: timeouts).value,
            requestTimeoutSeconds: number("request", in: timeouts).value,
            stopTimeoutSeconds: stopTimeoutSeconds,
            stopSignal: App.StopSignal(rawValue: text("stop_signal", in: section).value) ?? .term,
            prepare: optionalText("prepare", in: section)?.value,
            prepareTimeoutSeconds: number("prepare", in: timeouts).value,
            workers: workers,
            jobs: jobs(in: section, stopTimeoutSeconds: stopTimeoutSeconds, taken: taken),
            files: files(in: section),
            build: optionalText("build", in: section)?.value,
            buildTimeoutSeconds: number("build", in: timeouts).value)
    }

    private mutating func environment(in section: OpenSection, lines: inout [String: Int]) -> [String: String] {
        guard let key = section.schema.key("env"), let tree = section.entries["env"]?.value, !tree.isNothing else {
            return [:]
        }
        var environment: [String: String] = [:]
        for entry in entries(of: tree, kind: key.kind, name: section.fullName("env")) {
            checkVariable(entry.key, at: entry.position, in: section.fullName("env"), lines: &lines)
            do throws(Complaint) {
                switch entry.value.content {
                case .refused: continue
                case .scalar(let scalar) where !scalar.isNothing:
                    try Grammar.checkProcessText(scalar.text)
                    environment[entry.key] = scalar.text
                case .scalar: throw Complaint("expected a value, found nothing; for an empty one write \"\"")
                case .sequence, .mapping: throw Complaint("expected one value, found \(entry.value.summary)")
                }
            } catch {
                problems.add(
                    "\(section.fullName("env")).\(Self.shown(entry.key)): \(error.message)", at: entry.value.position)
            }
        }
        return environment
    }

    private mutating func secrets(in section: OpenSection, lines: inout [String: Int]) -> [String: App.SecretSource] {
        guard let entry = section.entries["secrets"], !entry.value.isNothing else { return [:] }
        let name = section.fullName("secrets")
        var secrets: [String: App.SecretSource] = [:]
        if case .sequence(let items) = entry.value.content {
            for item in items {
                guard let variable = listed(item, name: name) else { continue }
                checkVariable(variable, at: item.position, in: name, lines: &lines)
                secrets[variable] = .environment(variable)
            }
            return secrets
        }
        for entry in entries(of: entry.value, kind: .secrets(Schema.secret), name: name) {
            checkVariable(entry.key, at: entry.position, in: name, lines: &lines)
            secrets[entry.key] = source(entry, in: name)
        }
        return secrets
    }

    private mutating func listed(_ item: Tree, name: String) -> String? {
        switch item.content {
        case .refused: return nil
        case .scalar(let scalar) where !scalar.isNothing: return scalar.text
        case .scalar, .sequence, .mapping:
            problems.add("\(name): \(Schema.Kind.variable.mismatch(item.summary).message)", at: item.position)
            return nil
        }
    }

    private mutating func source(_ entry: Tree.Entry, in name: String) -> App.SecretSource? {
        // As in a list: the variable of the same name.
        if entry.value.isNothing { return .environment(entry.key) }
        return source(of: entry, path: "\(name).\(Self.shown(entry.key))")
    }

    /// - Parameter path: of the secret, as in errors.
    mutating func source(of entry: Tree.Entry, path: String) -> App.SecretSource? {
        let section = open(entry.value, as: Schema.secret, path: path, at: entry.position)
        let variable = optionalText("env", in: section)
        let file = optionalText("file", in: section)
        let command = optionalText("command", in: section)
        if section.entries.count != 1, !section.hasUnknown, !section.isRefused {
            let found = section.schema.keys.map(\.name).filter { section.entries[$0] != nil }
            problems.add(
                "\(section.path): expected one of env, file and command, found "
                    + (found.isEmpty ? "none of them" : found.joined(separator: " and ")),
                at: entry.position)
        }
        if let file { return .file(file.value) }
        if let command { return .command(command.value) }
        return variable.map { .environment($0.value) }
    }

    private mutating func checkVariable(
        _ variable: String, at position: Position, in name: String, lines: inout [String: Int]
    ) {
        guard Grammar.isVariable(variable) else {
            problems.add("\(name): \(Schema.Kind.variable.mismatch(variable.quoted).message)", at: position)
            return
        }
        if Self.contract.contains(variable) || variable.hasPrefix("TANDEM_") {
            problems.add("\(name): \(variable) is set by Tandem for the app; expected another name", at: position)
        }
        if let line = lines[variable] {
            problems.add(
                "\(name): \(variable) has a value already in line \(line); expected each name once", at: position)
        }
        lines[variable] = position.line
    }

    /// What the app gets from Tandem.
    private static let contract = Set(
        ["HOST", "PORT", "DATABASE_CA"]
            + ["DATABASE", "DATABASE_READ"].flatMap { start in
                ["URL", "HOST", "PORT", "NAME", "USER", "PASSWORD"].map { "\(start)_\($0)" }
            })

    private static func shown(_ variable: String) -> String { Grammar.isVariable(variable) ? variable : "NAME" }
}

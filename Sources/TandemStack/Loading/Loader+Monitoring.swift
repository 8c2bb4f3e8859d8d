extension Loader {
    private static let switchedOn = ["on", "true", "yes"]
    private static let switchedOff = ["off", "false", "no", "none"]

    /// nil where nothing watches the stack.
    mutating func monitoring(in root: OpenSection, hosts: [Host]) -> Monitoring? {
        let role = hosts.first { $0.has(.monitor) }
        guard let entry = root.entries["monitoring"] else {
            return root.isExcused("monitoring") || role == nil ? nil : Monitoring()
        }
        if case .scalar(let scalar) = entry.value.content, !entry.value.isNothing {
            if Self.switchedOn.contains(scalar.text) { return Monitoring() }
            guard Self.switchedOff.contains(scalar.text) else {
                problems.add(
                    "monitoring: expected on, off or a map with "
                        + "\(Schema.monitoring.keys.map(\.name).joined(separator: ", ")), found \(scalar.summary)",
                    at: entry.value.position)
                return nil
            }
            if let role {
                problems.add(
                    "monitoring: it is off, and \(role.name) has the role monitor; take one of the two away",
                    at: entry.value.position)
            }
            return nil
        }
        let section = open("monitoring", of: root, as: Schema.monitoring)
        return Monitoring(
            intervalSeconds: number("interval", in: section).value,
            retentionSeconds: number("retention", in: section).value,
            retentionBytes: number("size", in: section).value,
            alerts: alertReceivers(in: section))
    }

    private mutating func alertReceivers(in parent: OpenSection) -> AlertReceivers {
        let section = open("alerts", of: parent, as: Schema.alerts)
        return AlertReceivers(
            webhook: secretURL("webhook", in: section), slack: secretURL("slack", in: section),
            mail: mail(in: section), command: optionalText("command", in: section)?.value,
            deadMan: secretURL("dead_man", in: section))
    }

    private mutating func mail(in parent: OpenSection) -> AlertReceivers.Mail? {
        guard let entry = parent.entries["mail"], !entry.value.isNothing else { return nil }
        let section = open("mail", of: parent, as: Schema.mail)
        let user = optionalText("user", in: section)
        let password = section.entries["password"].flatMap { secretSource($0, path: section.fullName("password")) }
        if (user == nil) != (section.entries["password"] == nil), section.entries["user"] == nil || user != nil {
            problems.add(
                "\(section.path): expected both user and password, or neither",
                at: section.entries[user == nil ? "password" : "user"]?.position ?? section.position)
        }
        return AlertReceivers.Mail(
            to: text("to", in: section).value, sender: text("sender", in: section).value,
            server: text("server", in: section).value, user: user?.value, password: password,
            requiresTLS: text("tls", in: section).value != "off")
    }

    private mutating func secretURL(_ name: String, in section: OpenSection) -> AlertReceivers.Value? {
        guard let entry = section.entries[name], let key = section.schema.key(name) else { return nil }
        let path = section.fullName(name)
        switch entry.value.content {
        case .refused: return nil
        case .mapping: return secretSource(entry, path: path).map { .secret($0) }
        case .scalar(let scalar):
            guard case .text(let text)? = read(scalar, as: key.kind, name: path, at: entry.value.position) else {
                return nil
            }
            return .plain(text)
        case .sequence:
            problems.add("\(path): \(key.kind.mismatch(entry.value.summary).message)", at: entry.value.position)
            return nil
        }
    }

    private mutating func secretSource(_ entry: Tree.Entry, path: String) -> App.SecretSource? {
        switch entry.value.content {
        case .refused: return nil
        case .mapping: return source(of: entry, path: path)
        case .scalar, .sequence:
            let kind = Schema.Kind.secretSource(Schema.secret)
            problems.add("\(path): \(kind.mismatch(entry.value.summary).message)", at: entry.value.position)
            return nil
        }
    }
}

import Testing

@testable import TandemStack

@Suite("The reference of the stack file")
struct ReferenceTests {
    @Test("It is a valid stack file itself, and every key of the schema stands in it")
    func isValid() throws {
        let text = try Reference.text()
        _ = try load(text)
        // An unknown key is an error, so that all of these were accepted.
        for section in Schema.sections {
            for key in section.keys {
                #expect(text.contains(key.name + ":"), "\(section.path(key.name))")
                #expect(text.contains(key.name) && !key.explanation.isEmpty)
            }
        }
    }

    @Test(
        "Every key is accepted with its own example",
        arguments: Schema.sections.flatMap { section in
            section.keys.map { (section, $0) }
        })
    func everyKeyIsAccepted(section: Schema.Section, key: Schema.Key) throws {
        guard case .section = key.kind else {
            let value = try #require(key.example ?? key.preset(onLoopback: true))
            #expect(errors(file(with: value, for: key, in: section)) == "")
            return
        }
    }

    @Test(
        "What it calls the default is what the loader fills in",
        arguments: Schema.sections.flatMap { section in
            section.keys.filter { $0.preset(onLoopback: true) != nil }.map { (section, $0) }
        })
    func everyDefault(section: Schema.Section, key: Schema.Key) throws {
        for onLoopback in [true, false] {
            let base =
                onLoopback || key.name == "hosts"
                ? "" : "hosts: {one: {address: 10.0.0.1, roles: [balancer, web, app, database]}}\n"
            let preset = try #require(key.preset(onLoopback: onLoopback))
            var written = try load(base + file(with: preset, for: key, in: section))
            // That a port stands in the file is known; it is the only difference.
            written.balancer.httpPort.isFixed = false
            written.balancer.httpsPort.isFixed = false
            #expect(try written == load(base + plain(section)))
            let shown = try Reference.text(
                section: section.path.split(separator: ".").first.map(String.init) ?? key.name)
            let isNamed = key.name == "hosts" ? shown.contains(Schema.defaultHostNames) : shown.contains(preset)
            #expect(isNamed, "\(key.name): \(preset)")
        }
    }

    @Test("It fits a terminal of 100 columns, in plain text")
    func width() throws {
        for section in [nil] + Reference.sections {
            let text = try Reference.text(section: section)
            #expect(text.split(separator: "\n").allSatisfy { $0.count <= Reference.width })
            #expect(text.unicodeScalars.allSatisfy { $0 == "\n" || (0x20...0x7E).contains($0.value) })
            #expect(text.hasSuffix("\n") && !text.hasSuffix("\n\n"))
        }
    }

    @Test("One section is a part of the whole")
    func sections() throws {
        #expect(
            Reference.sections == [
                "stack", "domain", "hosts", "ssh", "front", "firewall", "balancer", "web", "app", "database", "engines",
                "monitoring", "drill",
            ])
        for section in Reference.sections {
            #expect(try Reference.text().contains(Reference.text(section: section)))
        }
    }

    @Test("A section that is not there is told, with the nearest one")
    func unknownSection() {
        let error = #expect(throws: Reference.UnknownSection.self) { try Reference.text(section: "balancr") }
        #expect(
            error?.description == "the stack file has no section 'balancr'; did you mean 'balancer'? (sections: "
                + "stack, domain, hosts, ssh, front, firewall, balancer, web, app, database, engines, monitoring, drill)"
        )
    }

    /// The smallest file in which a section's keys may stand.
    private func plain(_ section: Schema.Section) -> String {
        switch section.path {
        case "app.workers.NAME": "stack: shop\napp: {run: ./shop serve, workers: {mailer: {run: ./shop serve}}}\n"
        case "monitoring": smallest + "monitoring: on\n"
        case "monitoring.alerts.mail": smallest + "monitoring: {alerts: {mail: {\(Self.mail(besides: ""))}}}\n"
        case "app.jobs.NAME":
            "stack: shop\napp: {run: ./shop serve, jobs: {digest: {run: ./shop serve, at: \"@daily\"}}}\n"
        default: smallest
        }
    }

    /// What a mail needs, but for one key.
    private static func mail(besides name: String) -> String {
        let partner = ["user": "password: {env: P}", "password": "user: x"][name].map { [(name, $0)] } ?? []
        let needed = [
            ("to", "to: a@b.example"), ("sender", "sender: a@b.example"), ("server", "server: \"b.example:25\""),
        ]
        return (needed.filter { $0.0 != name } + partner).map(\.1).joined(separator: ", ")
    }

    /// The smallest file with one key more, or one key's value replaced.
    private func file(with value: String, for key: Schema.Key, in section: Schema.Section) -> String {
        let isMap = value.contains(": ") && !value.hasPrefix("[") && !value.hasPrefix("{")
        let assignment = isMap ? "\(key.name): {\(flow(value))}" : "\(key.name): \(value)"
        let run = key.name == "run" ? "" : "run: ./shop serve, "
        return switch section.path {
        case "": key.name == "stack" ? "\(assignment)\napp: {run: x}\n" : smallest + assignment + "\n"
        case "hosts.NAME":
            "stack: shop\napp: {run: x}\nhosts:\n  one: {\(key.name == "roles" ? "" : "roles: [web, app, database], ")\(key.name == "ssh" ? "address: 10.0.0.98, " : "")\(assignment)}\n"
                + "  two: {\(key.name == "roles" ? "" : "address: 10.0.0.99, ")roles: [balancer]}\n"
        case "app": "stack: shop\napp: {\(run)\(assignment)}\n"
        case "app.timeouts": "stack: shop\napp: {\(run)timeouts: {\(assignment)}}\n"
        case "app.secrets.NAME": "stack: shop\napp: {\(run)secrets: {KEY: {\(assignment)}}}\n"
        case "app.workers.NAME":
            "stack: shop\napp: {\(key.name == "run" ? "run: x, " : run)workers: {mailer: {\(run)\(assignment)}}}\n"
        case "app.jobs.NAME":
            "stack: shop\napp: {\(key.name == "run" ? "run: x, " : run)jobs: {digest: {\(run)\(key.name == "at" ? "" : "at: \"@daily\", ")\(assignment)}}}\n"
        case "front" where !key.isAlternative:
            smallest + "front: {\(key.name == "address" ? "" : "address: 10.0.0.99, ")\(assignment)}\nhosts:\n"
                + "  one: {address: 10.0.0.1, roles: [web, app, database, balancer]}\n"
                + "  two: {address: 10.0.0.2, roles: [balancer]}\n"
        case "monitoring.alerts": smallest + "monitoring: {alerts: {\(assignment)}}\n"
        case "monitoring.alerts.mail":
            smallest + "monitoring: {alerts: {mail: {\(Self.mail(besides: key.name)), \(assignment)}}}\n"
        case "drill.budgets": smallest + "drill: {budgets: {\(assignment)}}\n"
        case "drill":
            // Whoever writes has to say what, and how it is found again.
            smallest + "drill:\n  \(assignment)\n"
                + [("write", "/notes"), ("body", "\"{text}\""), ("check", "\"/notes/{text}\"")]
                .filter { ["write", "body", "check", "reread"].contains(key.name) && $0.0 != key.name }
                .map { "  \($0.0): \($0.1)\n" }.joined()
        default: smallest + "\(section.path): {\(assignment)}\n"
        }
    }

    private func flow(_ lines: String) -> String {
        lines.split(separator: "\n").joined(separator: ", ")
    }
}

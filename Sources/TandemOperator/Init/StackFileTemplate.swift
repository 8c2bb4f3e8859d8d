import TandemStack

/// The text of a new stack file: short, commented, and the reader's own from then on.
package struct StackFileTemplate: Sendable {
    package var name: String
    package var kind: ProjectKind

    package init(name: String, kind: ProjectKind) {
        self.name = name
        self.kind = kind
    }

    package var text: String {
        """
        # The stack `\(name)`: two HAProxy balancers, two servers with nginx, the app, a MySQL primary and its replica,
        # all on this machine. Start it with `tandem up`. Every key is explained by `tandem docs`.
        stack: \(name)

        app:
        \(comment(beforeAndRemarks))  run: \(Self.scalar(kind.run))
        \(prepare)\(workers)
          # The app gets HOST and PORT, where it listens; DATABASE_URL for writes and DATABASE_READ_URL for reads, with
          # DATABASE_CA to check MySQL's certificate. On SIGTERM it finishes what is in flight and ends.

          # The path that answers 200 when the app can serve.
        \(healthRemark)  health: \(kind.health)

        \(environment)
          # Values that stay out of this file: from the environment of `tandem up`, a file, or a command.
          # secrets:
          #   SESSION_KEY: {env: SESSION_KEY}
          #   MAIL_PASSWORD: {file: secrets/mail}
          #   API_KEY: {command: pass show \(name)/api}

        \(web)

        \(database)

        # Left out, these are the hosts.
        # hosts:
        #   lb1: {roles: [balancer]}
        #   lb2: {roles: [balancer]}
        #   server1: {roles: [web, app, database]}
        #   server2: {roles: [web, app, database]}

        """
    }

    private var beforeAndRemarks: [String] {
        (kind.before.map { ["Before the first start, and after changes: \($0)"] } ?? []) + kind.remarks
    }

    private var prepare: String {
        guard let command = kind.prepare else { return "" }
        return
            "\n  # Done once, on one host, before a new version of the app starts.\n  prepare: \(Self.scalar(command))\n"
    }

    private var workers: String {
        guard !kind.workers.isEmpty else { return "" }
        let lines = kind.workers.map { worker in
            let command = Self.scalar(worker.command)
            return "    \(worker.name): \(worker.isOnOneHost ? "{run: \(command), on: one}" : command)\n"
        }.joined()
        let place =
            kind.workers.contains(where: \.isOnOneHost)
            ? "once on each server, or on one of them" : "once on each server"
        return "\n  # Further processes, \(place): those lines of the Procfile.\n  workers:\n\(lines)"
    }

    private func comment(_ lines: [String]) -> String { lines.map { "  # \($0)\n" }.joined() }

    private var healthRemark: String {
        guard kind.health == "/" else { return "" }
        return comment([
            "No route such as /health was found. One that does not need the database is better than a page."
        ])
    }

    private var environment: String {
        guard !kind.environment.isEmpty else { return "  # env:\n  #   LOG_LEVEL: info\n" }
        return "  env:\n" + kind.environment.map { "    \($0.name): \(Self.scalar($0.value))\n" }.joined()
    }

    private var database: String {
        guard let url = kind.databaseURL else {
            return """
                # database:
                #   settings:
                #     innodb_buffer_pool_size: 1G
                """
        }
        return """
            database:
              url: \(url)     # the form of DATABASE_URL that the app's library takes
              # settings:
              #   innodb_buffer_pool_size: 1G
            """
    }

    private var web: String {
        if !kind.staticFiles.isEmpty {
            let folders = kind.staticFiles.map { "    \($0.prefix): \($0.folder)\n" }.joined()
            return "# Files that nginx serves by itself; PHP and other programs' sources are left to the app.\n"
                + "web:\n  static:\n\(folders)  # body_limit: 64mb      # the largest request body, 32mb if left out"
        }
        return """
            # web:
            #   static: public        # a folder of files that nginx serves by itself
            #   body_limit: 64mb      # the largest request body, 32mb if left out; a larger one is refused
            """
    }

    /// YAML: as it is where it means only itself, else in single quotes.
    static func scalar(_ text: String) -> String {
        let isPlain = text.unicodeScalars.allSatisfy { scalar in
            scalar.isASCII && scalar.properties.isAlphabetic || ("0"..."9").contains(scalar)
                || " _./=+-".unicodeScalars.contains(scalar)
        }
        let begins = text.unicodeScalars.first.map { $0.properties.isAlphabetic || "./".unicodeScalars.contains($0) }
        if isPlain, begins == true, text.contains("/") || text.contains(" ") { return text }
        return "'\(text.replacing("'", with: "''"))'"
    }

    private static let reserved = ["information-schema", "mysql", "performance-schema", "root", "sys", "tandem"]

    /// A stack's name from a folder's: lower-case letters, digits and hyphens, at most 32.
    package static func name(from folder: String) -> String {
        var name = ""
        for scalar in folder.lowercased().unicodeScalars {
            if ("a"..."z").contains(scalar) || ("0"..."9").contains(scalar) {
                name.unicodeScalars.append(scalar)
            } else if !name.isEmpty, name.last != "-" {
                name += "-"
            }
        }
        // The database's name follows from the stack's, and these belong to Tandem.
        let isTaken = name.hasPrefix("tandem-")
        if let first = name.unicodeScalars.first, isTaken || !("a"..."z").contains(first) { name = "app-" + name }
        name = String(name.prefix(32))
        while name.last == "-" { name.removeLast() }
        return name.isEmpty || reserved.contains(name) ? "my-app" : name
    }
}

/// This machine's own programs, to be used instead of those of the store. Absolute paths, or nil.
public struct OwnPrograms: Sendable, Equatable {
    public var haproxy: String?
    public var nginx: String?
    public var mysqld: String?
    public var mysql: String?
    public var etcd: String?
    /// Whether the stack is watched, by programs of the store.
    public var isMonitored: Bool

    public init(
        haproxy: String? = nil, nginx: String? = nil, mysqld: String? = nil, mysql: String? = nil, etcd: String? = nil,
        isMonitored: Bool = false
    ) {
        self.haproxy = haproxy
        self.nginx = nginx
        self.mysqld = mysqld
        self.mysql = mysql
        self.etcd = etcd
        self.isMonitored = isMonitored
    }

    /// The engines of which at least one program still has to come from the store.
    public var enginesToFetch: [Engine] {
        (Engine.ofEveryStack + (isMonitored ? Engine.ofMonitoring : [])).filter { engine in
            switch engine {
            case .haproxy: haproxy == nil
            case .nginx: nginx == nil
            case .mysql: mysqld == nil || mysql == nil
            case .etcd: etcd == nil
            case .prometheus, .alertmanager: true
            }
        }
    }

    /// Asks every program for its version, and mysqld for its folders.
    ///
    /// - Parameter account: who runs the programs. Not root: the stack file names them, and it may be another user's.
    func inspected(account: EngineStore.Account?) async throws -> EngineParts {
        var parts = EngineParts()
        func version(_ path: String, _ probe: ProgramProbe) async throws -> Version {
            try await probe.version(ofOwn: path, account: account)
        }
        if let haproxy {
            parts.versions[.haproxy] = try await version(haproxy, .haproxy).description
            parts.paths["haproxy"] = haproxy
        }
        if let nginx {
            parts.versions[.nginx] = try await version(nginx, .nginx).description
            parts.paths["nginx"] = nginx
            parts.paths["mimeTypes"] = try Self.mimeTypes(of: nginx)
        }
        if let mysqld {
            parts.versions[.mysql] = try await version(mysqld, .mysqld).description
            parts.paths["mysqld"] = mysqld
            parts.paths.merge(try await Self.folders(of: mysqld, account)) { _, new in new }
        }
        if let mysql {
            _ = try await version(mysql, .mysql)
            parts.paths["mysql"] = mysql
        }
        if let etcd {
            parts.versions[.etcd] = try await version(etcd, .etcd).description
            parts.paths["etcd"] = etcd
        }
        return parts
    }

    /// The first that exists: as nginx's own installation has it, beside the program, the system's.
    private static func mimeTypes(of nginx: String) throws -> String {
        let folder = parent(of: nginx)
        let candidates = [
            "\(parent(of: folder))/conf/mime.types", "\(parent(of: folder))/etc/nginx/mime.types",
            "\(parent(of: parent(of: folder)))/etc/nginx/mime.types", "\(folder)/mime.types",
            "/etc/nginx/mime.types",
        ]
        if let found = candidates.first(where: isReadable) { return found }
        throw EngineError(
            .ownProgram, doing: "use \(nginx)",
            what: "its mime.types is in none of these places: \(candidates.joined(separator: ", "))",
            next: "Install it as /etc/nginx/mime.types (on Debian: package nginx-common).")
    }

    private static func folders(
        of mysqld: String, _ account: EngineStore.Account?
    ) async throws -> [String: String] {
        let help = ["--no-defaults", "--verbose", "--help"]
        let outcome = try await Command(mysqld, help, timeout: .seconds(30), account: account).run()
        let settings = helpSettings(outcome.output)
        guard outcome.isSuccess, let base = settings["basedir"], let plugins = settings["plugin-dir"] else {
            throw EngineError(
                .ownProgram, doing: "ask \(mysqld) for its basedir and plugin-dir",
                what: "\(outcome.ending)\n" + outcome.errors.suffix(3).joined(separator: "\n"),
                next: "Check that `\(mysqld) --no-defaults --verbose --help` works.")
        }
        return ["mysqlBase": base, "mysqlPlugins": plugins]
    }

    /// Settings in the table at the end of `mysqld --verbose --help`; a slash at the end of a value is dropped.
    static func helpSettings(_ lines: [String]) -> [String: String] {
        var settings: [String: String] = [:]
        let table = lines.drop { !$0.hasPrefix("-----") }.dropFirst()
        for line in table {
            let name = line.prefix { $0 != " " }
            let value = line.dropFirst(name.count).drop { $0 == " " }
            guard !name.isEmpty, !value.isEmpty else { continue }
            settings[String(name)] = String(value.count > 1 && value.hasSuffix("/") ? value.dropLast() : value)
        }
        return settings
    }

    private static func parent(of path: String) -> String {
        let folder = path[..<(path.lastIndex(of: "/") ?? path.startIndex)]
        return String(folder)
    }
}

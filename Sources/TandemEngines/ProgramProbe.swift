/// How a program is asked for its version, and which versions serve.
enum ProgramProbe: String, Sendable, CaseIterable {
    case haproxy
    case nginx
    case mysqld
    case mysql
    case etcd
    case etcdctl
    case prometheus
    case promtool
    case alertmanager

    private var arguments: [String] {
        switch self {
        case .haproxy, .nginx: ["-v"]
        case .mysqld, .mysql: ["--no-defaults", "--version"]
        case .etcd, .prometheus, .promtool, .alertmanager: ["--version"]
        case .etcdctl: ["version"]
        }
    }

    /// Stands before the version.
    private var marker: String {
        switch self {
        case .haproxy: "HAProxy version "
        case .nginx: "nginx/"
        case .mysqld, .mysql: " Ver "
        case .etcd: "etcd Version: "
        case .etcdctl: "etcdctl version: "
        case .prometheus: "prometheus, version "
        case .promtool: "promtool, version "
        case .alertmanager: "alertmanager, version "
        }
    }

    /// The oldest version that understands what Tandem writes.
    var minimum: Version? {
        switch self {
        // uuid(7) is its own since 3.0.
        case .haproxy: Version(3, 0)
        case .nginx: nil
        // Source and replica have had their present names since 8.0.26, innodb_redo_log_capacity its own since 8.0.30.
        case .mysqld: Version(8, 0, 30)
        case .mysql: Version(8, 0)
        case .etcd, .etcdctl: Version(3, 5, 28)
        // The store's are 2.53 and 0.28.
        case .prometheus, .promtool, .alertmanager: nil
        }
    }

    /// Reads what the program printed: the version, or why it is not one of the kind wanted.
    func parse(_ lines: [String]) -> Result<Version, Refusal> {
        guard let line = lines.first(where: { $0.contains(marker) }) else { return .failure(.unknownOutput) }
        if line.contains("MariaDB") { return .failure(.mariaDB) }
        guard let range = line.firstRange(of: marker), let version = Version(line[range.upperBound...]) else {
            return .failure(.unknownOutput)
        }
        return .success(version)
    }

    enum Refusal: Error, Equatable {
        case unknownOutput
        case mariaDB
    }

    /// Runs a program of the store.
    func version(of path: String, account: EngineStore.Account?) async throws -> Version {
        let what: String
        do {
            let outcome = try await Command(path, arguments, timeout: .seconds(30), account: account).run()
            let lines = outcome.output + outcome.errors
            if outcome.isSuccess, case .success(let version) = parse(lines) { return version }
            what = "it ended with \(outcome.ending)\n" + lines.prefix(3).joined(separator: "\n")
        } catch let error as EngineError {
            what = error.what
        }
        throw EngineError(
            .verification, doing: "run \(path)\(account.map { " as user \($0.userID)" } ?? "")", what: what,
            next: """
                Check that the disk holding it is not mounted noexec and that the user who runs it may enter every folder \
                above it; or set TANDEM_ENGINES to another folder.
                """)
    }

    /// Runs one of the machine's own programs.
    /// - Throws: ``EngineError`` with reason `ownProgram` if it cannot serve.
    func version(ofOwn path: String, account: EngineStore.Account? = nil) async throws -> Version {
        func refused(_ what: String, _ next: String) -> EngineError {
            EngineError(.ownProgram, doing: "use \(path) as \(rawValue)", what: what, next: next)
        }
        let change = "Name another program under `engines:` in the stack file, or leave it out."
        guard path.hasPrefix("/") else { throw refused("it is not an absolute path", change) }
        guard isExecutableFile(path) else { throw refused("there is no program that this user may run", change) }
        let outcome = try await Command(path, arguments, timeout: .seconds(30), account: account).run()
        let lines = outcome.output + outcome.errors
        switch parse(lines) {
        case .success(let version):
            if let minimum, version < minimum {
                throw refused("it is version \(version), and \(minimum) is the oldest that serves", change)
            }
            return version
        case .failure(.mariaDB):
            throw refused("it is MariaDB, which replicates in another way than MySQL", change)
        case .failure(.unknownOutput):
            throw refused(
                "asked for its version it printed: " + lines.prefix(2).joined(separator: " / ")
                    + " (\(outcome.ending))", change)
        }
    }
}

/// Where Debian's packages come from and which keys their index must be signed with.
public struct DebianArchive: Sendable, Equatable {
    /// The base address of a mirror, which has `dists/` and `pool/` under it; nil: the one that this machine's own
    /// apt uses, else Debian's standard one.
    public var mirror: String?
    /// The same for security updates.
    public var securityMirror: String?
    /// Absolute path of Debian's signing keys.
    public var keyring: String

    public static let standardKeyring = "/usr/share/keyrings/debian-archive-keyring.gpg"
    static let standardMirror = "https://deb.debian.org/debian"
    static let standardSecurityMirror = "https://security.debian.org/debian-security"

    public init(
        mirror: String? = nil, securityMirror: String? = nil, keyring: String = DebianArchive.standardKeyring
    ) {
        self.mirror = mirror
        self.securityMirror = securityMirror
        self.keyring = keyring
    }

    /// The lines of apt's source list for a suite. A mirror that was named comes first, then the machine's own.
    func sources(for suite: Suite, machineMirrors: [MachineMirror]) -> [AptSource] {
        let main = AptSource(
            base: mirror ?? MachineMirror.choose(.main, from: machineMirrors) ?? Self.standardMirror,
            suite: suite.rawValue, isOptional: false)
        guard suite == .trixie else { return [main] }
        let securityBase = securityMirror ?? MachineMirror.choose(.security, from: machineMirrors)
        let security = AptSource(
            base: securityBase ?? Self.standardSecurityMirror, suite: "\(suite.rawValue)-security", isOptional: true)
        return [main, security]
    }
}

/// An archive that this machine's own apt uses.
struct MachineMirror: Sendable, Equatable {
    /// As the archive's index calls itself; both are empty as long as the machine has not fetched that index.
    var origin: String
    var label: String
    /// Without a slash at its end.
    var base: String

    enum Kind {
        case main
        case security
    }

    /// What `apt-get indextargets` is asked to print.
    static let format = "$(ORIGIN)|$(LABEL)|$(REPO_URI)"

    /// Reads one line of that format.
    init?(_ line: String) {
        let parts = line.split(separator: "|", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 3, parts[2].contains(":") else { return nil }
        // apt prints the name of what it does not know.
        (origin, label) = (parts[0].hasPrefix("$(") ? "" : parts[0], parts[1].hasPrefix("$(") ? "" : parts[1])
        base = parts[2].hasSuffix("/") ? String(parts[2].dropLast()) : parts[2]
    }

    /// The first archive of a kind: by what it calls itself, else by its address. Others than Debian, too, have
    /// addresses that end in `/debian`.
    static func choose(_ kind: Kind, from mirrors: [MachineMirror]) -> String? {
        let (label, ending) = kind == .main ? ("Debian", "/debian") : ("Debian-Security", "/debian-security")
        let named = mirrors.first { $0.origin == "Debian" && $0.label == label }
        return (named ?? mirrors.first { $0.origin.isEmpty && $0.base.hasSuffix(ending) })?.base
    }
}

/// One line of apt's source list.
struct AptSource: Codable, Sendable, Equatable {
    /// Without a slash at its end.
    var base: String
    var suite: String
    /// Whether apt may go on without it if it cannot be reached. Wrong signatures are never accepted.
    var isOptional: Bool
}

/// The machine as far as Debian's packages care.
struct DebianMachine: Sendable {
    /// Such as `amd64`.
    let architecture: String
    /// The folder name of its libraries under `usr/lib`.
    let triplet: String
    /// The file name of the dynamic loader in that folder.
    let loader: String
    /// In the order of the machine's own apt.
    let mirrors: [MachineMirror]

    init(architecture: String, mirrors: [MachineMirror]) throws {
        switch architecture {
        case "amd64":
            triplet = "x86_64-linux-gnu"
            loader = "ld-linux-x86-64.so.2"
        case "arm64":
            triplet = "aarch64-linux-gnu"
            loader = "ld-linux-aarch64.so.1"
        default:
            throw EngineError(
                .machine, doing: "choose packages for this machine",
                what: "its architecture is \(architecture), and Tandem knows amd64 and arm64",
                next: "Name this machine's own programs under `engines:` in the stack file.")
        }
        self.architecture = architecture
        self.mirrors = mirrors
    }

    /// Asks dpkg and apt.
    static func ask() async throws -> DebianMachine {
        let architecture: Command.Outcome
        do {
            architecture = try await Command("dpkg", ["--print-architecture"], timeout: .seconds(10)).run()
        } catch let error as EngineError {
            throw EngineError(
                .machine, doing: "ask dpkg for this machine's architecture", what: error.what,
                next: """
                    Engines are fetched with Debian's and Ubuntu's own tools, dpkg and apt-get. Elsewhere, name this \
                    machine's own programs under `engines:` in the stack file.
                    """)
        }
        var mirrors = try await askMirrors([])
        // Says nothing of archives whose index the machine has not fetched yet, unless it is asked in this way.
        if mirrors.isEmpty { mirrors = try await askMirrors(["--no-release-info"]) }
        return try DebianMachine(architecture: architecture.output.first ?? "unknown", mirrors: mirrors)
    }

    /// None is fine: then the standard one is used.
    private static func askMirrors(_ options: [String]) async throws -> [MachineMirror] {
        let arguments = ["indextargets", "--format", MachineMirror.format, "Created-By: Packages"] + options
        let outcome = try await Command("apt-get", arguments, timeout: .seconds(30)).run()
        return outcome.output.compactMap(MachineMirror.init)
    }
}

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
    /// - Parameter machineMirrors: base addresses that the machine's own apt uses, in its order.
    func sources(for suite: Suite, machineMirrors: [String]) -> [AptSource] {
        func choose(_ named: String?, ending: String, standard: String) -> String {
            let bases = machineMirrors.map { $0.hasSuffix("/") ? String($0.dropLast()) : $0 }
            return named ?? bases.first { $0.hasSuffix(ending) } ?? standard
        }
        let main = AptSource(
            base: choose(mirror, ending: "/debian", standard: Self.standardMirror), suite: suite.rawValue,
            isOptional: false)
        guard suite == .trixie else { return [main] }
        let base = choose(securityMirror, ending: "/debian-security", standard: Self.standardSecurityMirror)
        return [main, AptSource(base: base, suite: "\(suite.rawValue)-security", isOptional: true)]
    }
}

/// One line of apt's source list.
struct AptSource: Sendable, Equatable {
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
    /// Base addresses that the machine's own apt uses, in its order.
    let mirrors: [String]

    init(architecture: String, mirrors: [String]) throws {
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
        // No mirror of its own is fine: then the standard one is used.
        let mirrors = try await Command(
            "apt-get", ["indextargets", "--format", "$(REPO_URI)", "Created-By: Packages"], timeout: .seconds(30)
        ).run()
        return try DebianMachine(architecture: architecture.output.first ?? "unknown", mirrors: mirrors.output)
    }
}

import TandemStack

/// What a host runs, or is to run: its blueprint, and fingerprints of what a blueprint does not hold.
public struct HostVersion: Sendable, Equatable {
    public var blueprint: HostBlueprint
    /// Secret values as fingerprints, by the secret's name in the blueprint (`app.API_KEY`).
    public var secrets: [String: String]
    /// Fingerprints of certificates, by the path of their file.
    public var certificates: [String: String]

    public init(
        blueprint: HostBlueprint, secrets: [String: String] = [:], certificates: [String: String] = [:]
    ) {
        self.blueprint = blueprint
        self.secrets = secrets
        self.certificates = certificates
    }

    var name: String { blueprint.host.name }

    func file(_ path: String) -> FileBlueprint? { blueprint.files.first { $0.path == path } }
}

extension ServiceBlueprint {
    /// `app`, and `app-2` for a second instance; a worker's own name.
    public var statusName: String { label ?? (instance == 1 ? name.rawValue : "\(name.rawValue)-\(instance)") }
}

extension FileBlueprint {
    /// A file without its comments and empty lines: what a program makes of it.
    public static func effective(_ text: String) -> String {
        text.split(separator: "\n").filter { line in
            line.first { $0 != " " && $0 != "\t" }.map { $0 != "#" } ?? false
        }.joined(separator: "\n")
    }

    /// The last part of the path.
    public var name: String { path.split(separator: "/").last.map(String.init) ?? path }
}

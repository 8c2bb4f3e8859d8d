import TandemBlueprint
import TandemServices

/// What the app is run with on one host, for commands that are to see the same.
public struct AppSurroundings: Codable, Sendable {
    public var environment: [String: String]
    public var workingDirectory: String
    /// The account that the app runs as there; nil: the stack's.
    public var account: String?

    /// - Throws: when the host has no app.
    public init(host: String, folder: StackFolder) throws {
        let given = try AppliedHost.load(host: host, folder: folder)
        guard let app = try given.blueprint(host: host, folder: folder).services.first(where: { $0.name == .app })
        else {
            throw StateError("\(host) has no app")
        }
        let layout = folder.layout(host: host, applied: given.applied)
        let own = try AppAccount.find(given, host: host, isForAgent: false)
        let specification = try ProcessStarter(
            applied: given.applied, secrets: given.secrets, layout: layout, app: own
        ).specification(app)
        account = own?.name
        environment = specification.environment
        workingDirectory = specification.workingDirectory
    }
}

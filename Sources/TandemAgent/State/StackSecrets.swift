import Foundation
public import TandemBlueprint
public import TandemReplication

/// The secrets of one stack: passwords that Tandem made, and values that the app was given. Never printed.
public struct StackSecrets: Codable, Sendable, Equatable {
    public var database: DatabaseSecrets
    /// What the app signs its visitors' sessions with; the same on all hosts.
    public var session: String
    /// By the name of the app's environment variable.
    public var app: [String: String]
    /// What alerts are sent with, by the names of `AlertReceivers.secrets`.
    public var alerts: [String: String]

    public init(
        database: DatabaseSecrets, session: String, app: [String: String], alerts: [String: String] = [:]
    ) {
        self.database = database
        self.session = session
        self.app = app
        self.alerts = alerts
    }

    /// New passwords: 32 characters of letters and digits, about 190 bits, safe in a URL and in SQL.
    public static func generate() -> StackSecrets {
        StackSecrets(
            database: DatabaseSecrets(
                root: password(), replication: password(), clone: password(), monitor: password(), app: password(),
                appRead: password()),
            session: password(), app: [:])
    }

    /// For a host that needs none.
    public static let none = StackSecrets(
        database: DatabaseSecrets(root: "", replication: "", clone: "", monitor: "", app: "", appRead: ""), session: "",
        app: [:])

    /// Stacks that were made before there was a session key get one.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        database = try container.decode(DatabaseSecrets.self, forKey: .database)
        session = try container.decodeIfPresent(String.self, forKey: .session) ?? Self.password()
        app = try container.decode([String: String].self, forKey: .app)
        alerts = try container.decodeIfPresent([String: String].self, forKey: .alerts) ?? [:]
    }

    private static func password() -> String {
        let alphabet = Array("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789")
        var generator = SystemRandomNumberGenerator()
        return String((0..<32).compactMap { _ in alphabet.randomElement(using: &generator) })
    }

    /// The text of an environment value.
    /// - Throws: when it names a secret that is not here.
    public func resolve(_ value: EnvironmentValue) throws -> String {
        try value.parts.map { part in
            switch part {
            case .text(let text): return text
            case .secret(let name):
                guard let secret = self[name] else { throw StateError("there is no secret named '\(name)'") }
                return secret
            }
        }.joined()
    }

    private subscript(_ name: String) -> String? {
        switch name {
        case "database.app": database.app
        case "database.app_read": database.appRead
        case "session": session
        default: name.hasPrefix("app.") ? app[String(name.dropFirst(4))] : alerts[name]
        }
    }
}

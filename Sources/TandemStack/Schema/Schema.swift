/// The stack file's sections and keys, written once: the loader, the suggestions in errors, the defaults and the
/// printed reference all read them from here.
enum Schema {
    struct Section: Sendable {
        /// As in errors, such as `app.timeouts`; empty for the top level.
        var path: String
        var explanation: String
        var keys: [Key]

        func key(_ name: String) -> Key? { keys.first { $0.name == name } }

        /// As in "unknown key 'helth' in app".
        var place: String { path.isEmpty ? "at the top level" : "in \(path)" }

        /// The full name of one of its keys.
        func path(_ key: String) -> String { path.isEmpty ? key : "\(path).\(key)" }
    }

    struct Key: Sendable {
        var name: String
        var kind: Kind
        var presence: Presence
        /// What the same thing is called elsewhere.
        var synonyms: [String] = []
        var explanation: String
        /// YAML for the reference; without one, the default stands there.
        var example: String?
        /// It does not go together with the section's other keys, so in the reference it is a comment.
        var isAlternative = false
    }

    enum Presence: Sendable {
        case required
        /// Nothing is done where it is absent.
        case optional
        /// The value as it could stand in the file.
        case preset(String)
        /// The value on a laptop, and on hosts with addresses of their own.
        case presetByPlace(loopback: String, network: String)
        /// Follows from other values, in words.
        case derived(String)
    }
}

extension Schema.Key {
    var isRequired: Bool { if case .required = presence { true } else { false } }

    /// The default as it could stand in the file.
    func preset(onLoopback: Bool) -> String? {
        switch presence {
        case .required, .optional, .derived: nil
        case .preset(let text): text
        case .presetByPlace(let loopback, let network): onLoopback ? loopback : network
        }
    }
}

extension Schema {
    /// All sections, in the order of the reference.
    static let sections = [
        root, host, ssh, front, firewall, balancer, web, app, secret, timeouts, worker, job, database, engines, drill,
        budgets, monitoring, alerts, mail,
    ]

    static let defaultHostNames = "lb1, lb2, server1 and server2"
}

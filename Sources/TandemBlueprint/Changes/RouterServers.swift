/// The database servers of a router, read from its generated file: what can be changed through its socket while it
/// runs, without cutting anybody's session. A reload would cut them all, since a replaced worker hears no verdicts.
public struct RouterServers: Sendable, Equatable {
    public struct Server: Sendable, Equatable {
        /// `write` or `read`.
        public var section: String
        public var name: String
        /// What follows the name: the address, and what it has beyond the defaults.
        public var rest: String

        public init(section: String, name: String, rest: String) {
            self.section = section
            self.name = name
            self.rest = rest
        }
    }

    /// The name of what is no database server, but the section itself. No host's name has an underscore.
    public static let again = "_again"

    public var servers: [Server]
    /// What the file says besides them, comments left out.
    public var remainder: String
    /// The settings that `default-server` gives to servers of the file, and that those added later must be given.
    private var defaults: String

    public init(file: String) {
        servers = []
        defaults = ""
        var section = ""
        var others: [Substring] = []
        for line in FileBlueprint.effective(file).split(separator: "\n") {
            let words = line.split(separator: " ", maxSplits: 2, omittingEmptySubsequences: true)
            switch words.first {
            case "listen":
                section = words.count > 1 ? String(words[1]) : ""
                others.append(line)
            case "server" where words.count == 3 && words[1] != Self.again:
                servers.append(Server(section: section, name: String(words[1]), rest: String(words[2])))
            default:
                if words.first == "default-server" {
                    let settings = words.dropFirst().joined(separator: " ")
                    defaults += defaults.isEmpty ? settings : " \(settings)"
                }
                others.append(line)
            }
        }
        remainder = others.joined(separator: "\n")
    }

    /// Commands for HAProxy's socket (3.0's management guide, "add server"): what is new comes in closed, as all
    /// servers do, until the agent's verdict opens it.
    public func commandsToAdd(_ server: Server) -> [String] {
        let name = "\(server.section)/\(server.name)"
        // The socket knows no quotation marks; a backslash takes a blank's meaning.
        let question = "\(server.section) \(server.name)"
        let rest = server.rest.replacing(
            #""\#(question)\n""#,
            with: question.replacing(" ", with: #"\ "#) + String(UnicodeScalar(RouterQuestion.terminator)))
        return ["add server \(name) \(rest) \(defaults)", "enable health \(name)", "enable agent \(name)"]
    }

    /// The last one succeeds only once no session is left; ask again until it does.
    public func commandsToRemove(_ server: Server) -> [String] {
        let name = "\(server.section)/\(server.name)"
        return [
            "disable agent \(name)", "disable health \(name)", "set server \(name) state maint",
            "shutdown sessions server \(name)", "del server \(name)",
        ]
    }
}

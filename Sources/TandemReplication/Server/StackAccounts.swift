import TandemFailover
import TandemStack

/// The account with which a host replicates. It has the host's name: addresses do not tell hosts apart on one machine.
enum ReplicationAccount {
    static let prefix = "tandem_replication_"
    /// Of all of them, and of the one account that the hosts of earlier versions share.
    static let pattern = #"tandem\\_replication%"#
    /// MySQL's limit for a user's name, in characters.
    private static let longestUser = 32

    /// Names that do not fit end in a fingerprint, so that two long names stay two names.
    static func user(_ host: String) -> String {
        let room = longestUser - prefix.count
        guard host.unicodeScalars.count > room else { return prefix + host }
        let beginning = String(String.UnicodeScalarView(host.unicodeScalars.prefix(room - 9)))
        return prefix + beginning + "_" + StableHash.hex32(host)
    }
}

extension DatabaseUser {
    /// Over the unix socket, and by agents alone: a new agent ends all earlier sessions of it.
    public static let agent = "tandem_agent"
    /// Closes another host's server, whose agent is gone.
    public static let closer = "tandem_closer"
    /// As a list of sessions shows them: the server's own threads, and everybody but clients and replicas.
    static let notClients = ["system user", "event_scheduler", root, agent, closer, clone, monitor]

    static func isClient(_ user: String) -> Bool {
        !notClients.contains(user) && !user.hasPrefix(DatabaseUser.replication)
    }
}

extension DatabaseServerSettings {
    private var agentAccount: String { "'\(DatabaseUser.agent)'@'localhost'" }

    /// Makes the agents' own account. Data that is made with it need not be worked on as root before it is prepared.
    public var agentStatements: [String] {
        let password = SQLText.literal(agentPassword)
        return [
            "CREATE USER IF NOT EXISTS \(agentAccount) IDENTIFIED BY \(password)",
            "ALTER USER \(agentAccount) IDENTIFIED BY \(password)",
            "GRANT ALL ON *.* TO \(agentAccount) WITH GRANT OPTION",
        ]
    }

    /// What the stack needs in its database. The last statement is what `isPrepared` looks for.
    var preparation: [String] {
        let accounts = dataHosts.flatMap { replicationStatements($0) }
        return bootstrap.stackStatements + accounts + agentStatements
            + bootstrap.serviceUser(
                DatabaseUser.closer, closerPassword,
                grants: ["SYSTEM_VARIABLES_ADMIN, CONNECTION_ADMIN ON *.*"])
    }

    func replicationStatements(_ host: HostID) -> [String] {
        // Without CONNECTION_ADMIN offline_mode would lock the replica out of a closed primary.
        bootstrap.serviceUser(
            replicationUser(host), replicationPasswords[host] ?? "",
            grants: ["REPLICATION SLAVE, CONNECTION_ADMIN ON *.*"])
    }
}

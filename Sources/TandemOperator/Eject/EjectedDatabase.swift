import TandemBlueprint
import TandemReplication
import TandemStack

/// What a database host needs beside my.cnf: how its root comes in, and the SQL that makes it primary or replica.
struct EjectedDatabase {
    var stack: Stack
    var secrets: DatabaseSecrets
    var host: EjectedHost
    var primary: Host
    /// nil: the primary stands alone.
    var partner: Host?

    private var folder: String { host.layout.etcFolder }

    func files() throws -> [FileBlueprint] {
        guard host.host.has(.database) else { return [] }
        return [
            FileBlueprint(path: "\(folder)/client.cnf", contents: client),
            FileBlueprint(path: "\(folder)/root.sql", contents: root),
            host.host == primary
                ? FileBlueprint(path: "\(folder)/primary.sql", contents: primarySQL)
                : FileBlueprint(path: "\(folder)/replica.sql", contents: replicaSQL),
        ]
    }

    /// So that no password stands on a command line.
    private var client: String {
        """
        [client]
        user = \(DatabaseUser.root)
        password = \(secrets.root)
        socket = "\(host.layout.mysqlSocket)"

        """
    }

    /// Passwords are letters and digits.
    private var root: String { "ALTER USER 'root'@'localhost' IDENTIFIED BY '\(secrets.root)';\n" }

    private var primarySQL: String {
        let bootstrap = Bootstrap(
            database: stack.database.name, appUser: stack.database.appUser, appReadUser: stack.database.appReadUser,
            secrets: secrets)
        let opening =
            partner == nil
            ? []
            : [
                "-- Until the replica has joined, nothing waits for it.",
                "SET GLOBAL rpl_semi_sync_source_enabled = OFF;",
            ]
        return (opening + bootstrap.plainStatements.map { "\($0);" }).joined(separator: "\n") + "\n"
    }

    private var replicaSQL: String {
        let replica = PlainReplica(
            sourceAddress: primary.address, sourcePort: Ports.mysql, password: secrets.replication,
            caFile: host.layout.caFile)
        return "\(replica.changeSource);\nSTART REPLICA;\n"
    }
}

/// An environment file of systemd: belongs to root, who reads it before the app's user is changed to.
struct EnvironmentFile {
    var variables: [String: String]

    var text: String {
        variables.sorted { $0.key < $1.key }.map { SystemdSyntax.variable($0.key, $0.value) }.joined()
    }
}

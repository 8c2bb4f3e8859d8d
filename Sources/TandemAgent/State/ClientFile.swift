import TandemBlueprint
import TandemReplication
import TandemStack

/// An option file for the mysql client, so that the password stands on no command line.
public struct ClientFile: Sendable {
    let applied: AppliedStack
    let folder: StackFolder
    let host: String

    public init(applied: AppliedStack, folder: StackFolder, host: String) {
        self.applied = applied
        self.folder = folder
        self.host = host
    }

    public var path: String { "\(folder.records(host))/client.cnf" }
    public var socket: String { folder.layout(host: host, applied: applied).mysqlSocket }

    public func write() throws {
        let secrets = try AppliedHost.load(host: host, folder: folder).secrets
        // The client sends the root password to the process that listens at MySQL's socket in this folder.
        guard !Folders.isOthers(folder.socketRoot) else {
            throw StateError(
                "\(folder.socketRoot) is not a folder of ours: somebody else put it there; nothing was sent to it")
        }
        try AtomicFile.write(
            """
            # Written by Tandem for `tandem mysql` and `tandem mysqldump`.
            [client]
            user = \(DatabaseUser.root)
            password = \(secrets.database.root)
            socket = "\(socket)"
            [mysql]
            database = \(applied.stack.database.name)
            # \\G and the like, also in -e.
            commands = ON
            prompt = "\\u@\(host) [\\d]> "

            """, to: path)
    }
}

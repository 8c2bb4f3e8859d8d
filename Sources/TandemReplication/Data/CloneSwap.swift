import Foundation
import Glibc
public import Logging
import MySQLConnector
public import TandemFailover
import TandemServices

/// Replaces a host's data by a copy of another host's, made with CLONE in a folder beside. The host's server is down.
public struct CloneSwap: Sendable {
    public struct Donor: Hashable, Sendable {
        public var address: String
        public var port: Int
        /// Of `DatabaseUser.clone`.
        public var password: String

        public init(address: String, port: Int, password: String) {
            self.address = address
            self.port = port
            self.password = password
        }
    }

    /// How mysqld is run for a while, as a throwaway server that is closed to the network.
    public struct Program: Sendable {
        public var mysqld: String
        /// The real server's my.cnf: what is copied must fit (`innodb_page_size` and the like).
        public var defaultsFile: String
        /// With which the donor's certificate is checked.
        public var caFile: String
        public var socket: String
        public var logFile: String
        public var workingDirectory: String
        /// Who the throwaway server is, so that the next agent can end it.
        public var recordFile: String
        /// In front of all others but the defaults file's.
        public var moreArguments: [String] = []

        public init(
            mysqld: String, defaultsFile: String, caFile: String, socket: String, logFile: String,
            workingDirectory: String, recordFile: String
        ) {
            self.mysqld = mysqld
            self.defaultsFile = defaultsFile
            self.caFile = caFile
            self.socket = socket
            self.logFile = logFile
            self.workingDirectory = workingDirectory
            self.recordFile = recordFile
        }
    }

    /// What the new data is to remember of the old one. All else of it concerned other data.
    public struct Memory: Hashable, Sendable {
        public var knownCluster: ClusterID?
        public var hold: HoldOrder?

        public init(knownCluster: ClusterID?, hold: HoldOrder?) {
            self.knownCluster = knownCluster
            self.hold = hold
        }
    }

    public var folders: CloneFolders
    public var program: Program
    /// Of `root` on every server of the stack.
    public var rootPassword: String
    public var logger: Logger

    public init(folders: CloneFolders, program: Program, rootPassword: String, logger: Logger) {
        self.folders = folders
        self.program = program
        self.rootPassword = rootPassword
        self.logger = logger
    }

    /// Ends what an agent has left that died over a copy, and finishes or takes back what it was at. To be done when an
    /// agent starts, before anybody looks whether there is data.
    public func settle() async throws {
        await endEarlierServer()
        let folders = folders
        try await onThread { try folders.settle() }
    }

    /// When this returns the copy is in the data's place, on disk, and the old data beside it, until `dropOld`. When it
    /// throws, also because its task was cancelled, the throwaway server has ended, and the data is as it was (after an
    /// error of the disk between two renames it may be the copy, whole).
    ///
    /// A donor on which a commit waits for an acknowledgement lets nobody copy until that is over: whoever asks sets a
    /// bound.
    public func copy(from donor: Donor, remembering memory: Memory) async throws {
        let folders = folders
        try DataFolder(folders.data).checkServerIsDown("replace")
        try await settle()
        do {
            try await initialiseReceiver()
            try await serve(
                folders.receiver, password: "", arguments: ["--skip-log-bin", "--loose-clone-ssl-ca=\(program.caFile)"]
            ) {
                try await Clone(
                    donorAddress: donor.address, donorPort: donor.port, password: donor.password,
                    dataFolder: folders.copy
                ).run($0)
            }
            let executed = try await firstStart()
            try Task.checkCancellation()
            try await onThread {
                let notes = DataNotes(DataFolder(folders.copy), names: HostNames([]))
                try notes.note(DataMembership(knownCluster: memory.knownCluster))
                if let hold = memory.hold { try notes.note(hold) }
                try DurableFile.syncAll(folders.copy)
                // The last step: from here on the copy is whole.
                try notes.note(beginning: executed)
                try folders.swap()
            }
        } catch {
            try? await onThread { try folders.settle() }
            throw error
        }
        try await onThread { try folders.settle() }
    }

    /// The copy has joined: the old data is needed no more.
    public func dropOld() async throws {
        let folders = folders
        try await onThread { try folders.dropOld() }
    }

    /// Recovery of the copy, so that the real server has it behind it, and what it holds: no binary log says it. Read
    /// by itself, since CLONE tells only a server with `performance_schema`.
    private func firstStart() async throws -> TransactionSet {
        try await serve(folders.copy, password: rootPassword, arguments: ["--skip-log-bin"], signal: SIGTERM) {
            connection in
            let text = try await connection.first("SELECT @@GLOBAL.gtid_executed", as: String.self) ?? ""
            return try TransactionSet(text: text)
        }
    }

    private func initialiseReceiver() async throws {
        let tool = Tool(
            command: command(folders.receiver, ["--initialize-insecure", "--skip-log-bin"]),
            workingDirectory: program.workingDirectory, logFile: program.logFile, bound: .seconds(300))
        try await tool.run("prepare a server that receives a copy", record: record)
        unlink(program.recordFile)
    }

    private func command(_ folder: String, _ arguments: [String]) -> [String] {
        [program.mysqld, "--defaults-file=\(program.defaultsFile)"] + program.moreArguments
            + ["--datadir=\(folder)", "--log-error=stderr"] + arguments
    }

    /// Runs a throwaway server on this folder for as long as the closure takes, and ends it however that ends.
    func serve<Value: Sendable>(
        _ folder: String, password: String, arguments: [String], signal: Int32 = SIGKILL,
        _ body: (MySQLConnection) async throws -> Value
    ) async throws -> Value {
        try Task.checkCancellation()
        // A pid in it that was given to another process makes mysqld refuse to start.
        unlink("\(program.socket).lock")
        let tool = Tool(
            command: command(
                folder,
                [
                    "--socket=\(program.socket)", "--pid-file=\(folder)/throwaway.pid", "--skip-networking",
                    "--skip-replica-start",
                    // It has no time zones to know the stack's own by.
                    "--default-time-zone=SYSTEM",
                ] + arguments), workingDirectory: program.workingDirectory, logFile: program.logFile, bound: .zero)
        let server = try RunningProcess.start(tool.specification, record: record)
        do {
            // A statement that waits for a donor notices nothing of a cancelled task until its connection is gone.
            let value = try await withTaskCancellationHandler {
                let connection = try await connect(to: server, password: password, tool)
                do {
                    let value = try await body(connection)
                    await connection.close()
                    return value
                } catch {
                    await connection.close()
                    throw error
                }
            } onCancel: {
                server.signal(SIGKILL)
            }
            await server.stop(signal: signal, bound: signal == SIGKILL ? .zero : .seconds(60))
            unlink(program.recordFile)
            return value
        } catch {
            await server.stop(signal: SIGKILL, bound: .zero)
            unlink(program.recordFile)
            try Task.checkCancellation()
            throw error
        }
    }

    private func connect(
        to server: RunningProcess, password: String, _ tool: Tool
    ) async throws -> MySQLConnection {
        var configuration = MySQLConfiguration(
            address: .unixSocket(program.socket), username: DatabaseUser.root, password: password, database: nil,
            tls: .disable)
        configuration.connectTimeout = .seconds(2)
        // Recovery of a large copy takes its time; whoever asked for the copy has a bound of its own.
        let deadline = ContinuousClock.now + .seconds(600)
        while true {
            try Task.checkCancellation()
            guard !server.hasEnded, ContinuousClock.now < deadline else {
                throw DataError("the throwaway server did not come up:\n\(tool.lastWords)")
            }
            if let connection = try? await MySQLConnection.connect(configuration, logger: logger) { return connection }
            try await Task.sleep(for: .milliseconds(50))
        }
    }

    private func record(_ identity: ProcessIdentity) throws {
        try DurableFile.replace(program.recordFile, with: Array(try JSONEncoder().encode(identity)))
    }

    private func endEarlierServer() async {
        guard let bytes = try? DurableFile.read(program.recordFile, bound: 1 << 16) else { return }
        if let identity = try? JSONDecoder().decode(ProcessIdentity.self, from: Data(bytes)) { await identity.sweep() }
        unlink(program.recordFile)
    }
}

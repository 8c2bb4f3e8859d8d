import EtcdTestServer
import Foundation
import Logging
import MySQLConnector
import TandemBlueprint
import TandemCoordination
import TandemFailover
import TandemFailoverDriver
import TandemReplication
import TandemServices
import TandemStack

/// One host of a drill: its driver, and its server where it has one.
actor DrillHost {
    nonisolated let place: DrillPlace
    nonisolated let id: HostID
    nonisolated let index: Int
    private var driver: FailoverDriver?
    private var task: Task<Void, Never>?
    private var server: HostServer?
    private var process: ServerProcess?
    private var client: EtcdClient?
    private(set) var store: StackStore?

    init(_ place: DrillPlace, _ index: Int) {
        self.place = place
        self.index = index
        id = HostID(index)
    }

    nonisolated var name: String { DrillPlace.names.names[index] }
    private nonisolated var holdsData: Bool { index < 2 }
    private nonisolated var record: String { "\(place.folder)/\(name)/mysqld.json" }
    private nonisolated var exports: String { "\(place.folder)/\(name)/exports" }

    var report: FailoverReport? { get async { await driver?.report } }

    var summary: String {
        get async {
            guard let report = await driver?.report else { return "no driver" }
            return "\(report)"
        }
    }

    nonisolated var log: String? {
        get async {
            guard holdsData, let layout = try? place.layout(index) else { return nil }
            return (try? String(contentsOfFile: layout.mysqlLogFile, encoding: .utf8)).map { String($0.suffix(1500)) }
        }
    }

    // MARK: - The driver

    /// As an agent does when it starts: it takes over a server that runs.
    func start() async throws {
        var configuration = FailoverConfiguration(
            host: id, dataHosts: HostSet(HostID(0), HostID(1)), members: HostSet(HostID(2)), timing: place.timing,
            newCluster: UInt64(4711 + index))
        var hands: HostServer?
        if holdsData {
            let (made, data) = try makeServer()
            // Before the reducer counts: new data may take longer than a start may.
            try await data.prepare()
            hands = made
            configuration.cluster = data.notes.membership().value?.knownCluster
        }
        let client = try EtcdClient(place.etcd.configuration())
        let store = StackStore(client, keys: StackKeys(stack: "shop", names: DrillPlace.names))
        let process = process
        var logger = DrillStack.logger
        logger[metadataKey: "host"] = "\(name)"
        let driver = FailoverDriver(
            configuration: configuration, hands: hands, store: store,
            peers: DrillPeers.Channel(peers: place.peers, from: id),
            endServer: { process?.killAtOnce() }, logger: logger)
        self.client = client
        self.store = store
        self.driver = driver
        server = hands
        task = Task { await driver.run() }
        place.peers.set(driver, for: id)
    }

    private func makeServer() throws -> (HostServer, HostData) {
        let layout = try place.layout(index)
        let host = place.stack.hosts[index]
        let blueprint = try HostBlueprint(stack: place.stack, host: host, layout: layout)
        for path in blueprint.folders + [layout.socketFolder, layout.dataFolder] {
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        }
        for file in blueprint.files where file.path == layout.mysqlFile {
            try Data(file.contents.utf8).write(to: URL(filePath: file.path))
        }
        let numbering = GTIDNumbering()
        let settings = settings(layout)
        let statements =
            ["ALTER USER 'root'@'localhost' IDENTIFIED BY '\(DrillStack.secrets.root)'"]
            + settings.agentStatements
        let folder = DataFolder(layout.mysqlDataFolder)
        let export = TailExport(
            folder: folder, exportFolder: exports, temporaryFolder: layout.temporaryFolder,
            mysqlbinlog: "\(layout.programs.mysqlBase)/bin/mysqlbinlog",
            origin: .init(stack: "shop", host: name, epoch: 0, primary: ""))
        let swap = cloneSwap(layout)
        let (place, notes) = (place, DataNotes(folder, names: DrillPlace.names))
        let data = HostData(
            notes: notes, numbering: numbering,
            steps: .init(
                initialise: { try await DrillTemplate.shared.copy(to: $0, layout: layout, statements: statements) },
                export: { _ = try await export.export($0) },
                clone: { source in
                    try await swap.copy(
                        from: .init(
                            address: place.address(Int(source.index)), port: Ports.mysql,
                            password: DrillStack.secrets.clone),
                        remembering: .init(
                            knownCluster: notes.membership().value?.knownCluster, hold: notes.hold().value))
                }, dropReplaced: { try await swap.dropOld() }))
        let process = ServerProcess(launch(layout))
        self.process = process
        var logger = DrillStack.logger
        logger[metadataKey: "host"] = "\(name)"
        let server = HostServer(
            process: process, statements: SQLStatements(DatabaseServer(settings: settings, numbering: numbering)),
            data: data, logger: logger)
        return (server, data)
    }

    private nonisolated func cloneSwap(_ layout: Layout) -> CloneSwap {
        var program = CloneSwap.Program(
            mysqld: layout.programs.mysqld, defaultsFile: layout.mysqlFile, caFile: place.caFile,
            socket: "\(layout.socketFolder)/receiver.sock", logFile: "\(layout.logFolder)/receiver.log",
            workingDirectory: layout.hostFolder, recordFile: "\(place.folder)/\(name)/receiver.json")
        program.moreArguments = ["--user=root"]
        return CloneSwap(
            folders: CloneFolders(data: layout.mysqlDataFolder), program: program,
            rootPassword: DrillStack.secrets.root, logger: quietLogger)
    }

    private func settings(_ layout: Layout) -> DatabaseServerSettings {
        DatabaseServerSettings(
            host: id, names: DrillPlace.names,
            servers: [
                HostID(0): .init(address: place.address(0), port: Ports.mysql),
                HostID(1): .init(address: place.address(1), port: Ports.mysql),
            ], socketPath: layout.mysqlSocket, caFile: place.caFile,
            bootstrap: Bootstrap(
                database: "shop", appUser: "shop", appReadUser: "shop_read", secrets: DrillStack.secrets),
            agentPassword: "agent-secret", closerPassword: "closer-secret",
            replicationPasswords: [HostID(0): "replica-secret-1", HostID(1): "replica-secret-2"])
    }

    private nonisolated func launch(_ layout: Layout) -> ServerLaunch {
        let (record, pidFile) = (record, "\(place.folder)/\(name)/mysqld.pid")
        return ServerLaunch(
            specification: {
                unlink("\(layout.mysqlSocket).lock")
                return ProcessSpecification(
                    command: [layout.programs.mysqld, "--defaults-file=\(layout.mysqlFile)", "--user=root"],
                    environment: ["PATH": "/usr/bin:/bin"], workingDirectory: layout.hostFolder,
                    logFile: "\(layout.logFolder)/mysqld.out")
            },
            record: { identity in
                try JSONEncoder().encode(identity).write(to: URL(filePath: record))
                try Data("\(identity.pid)".utf8).write(to: URL(filePath: pidFile))
            },
            recorded: {
                (try? Data(contentsOf: URL(filePath: record))).flatMap {
                    try? JSONDecoder().decode(ProcessIdentity.self, from: $0)
                }
            })
    }

    /// As an agent that ends: the server goes on.
    func stopDriver() async {
        place.peers.set(nil, for: id)
        task?.cancel()
        await task?.value
        await server?.release()
        await client?.shutdown()
        (driver, task, server, process, client, store) = (nil, nil, nil, nil, nil, nil)
    }

    func end() async {
        await stopDriver()
        signalServer(SIGKILL)
    }

    /// Driver and server at once, and nobody is told.
    func crash() async {
        place.peers.set(nil, for: id)
        signalServer(SIGKILL)
        await stopDriver()
    }

    func hold(_ order: HoldOrder) async { await driver?.hold(order) }

    // MARK: - Faults

    /// What runs, by its record; nil where it has ended.
    nonisolated var serverIdentity: ProcessIdentity? {
        (try? Data(contentsOf: URL(filePath: record))).flatMap {
            try? JSONDecoder().decode(ProcessIdentity.self, from: $0)
        }.flatMap { $0.isAlive ? $0 : nil }
    }

    nonisolated func signalServer(_ number: Int32) { serverIdentity?.signalGroup(number) }

    // MARK: - SQL

    nonisolated var clientConfiguration: MySQLConfiguration {
        MySQLConfiguration(
            address: .tcp(host: place.address(index), port: Ports.mysql), username: "shop",
            password: DrillStack.secrets.app, database: "shop", tls: .require(caFile: place.caFile))
    }

    private nonisolated func root<Value: Sendable>(
        _ body: (MySQLConnection) async throws -> Value
    ) async throws -> Value {
        let layout = try place.layout(index)
        var configuration = MySQLConfiguration(
            address: .unixSocket(layout.mysqlSocket), username: "root", password: DrillStack.secrets.root,
            tls: .disable)
        configuration.queryTimeout = .seconds(30)
        let connection = try await MySQLConnection.connect(configuration, logger: quietLogger)
        do {
            let value = try await body(connection)
            await connection.close()
            return value
        } catch {
            await connection.close()
            throw error
        }
    }

    nonisolated func sql(_ statement: String, database: String? = nil) async throws {
        try await root { connection in
            if let database { try await connection.execute("USE \(database)") }
            try await connection.execute(statement)
        }
    }

    nonisolated func number(_ statement: String, _ column: String) async throws -> Int? {
        try await root { try await $0.execute(statement).first?.decode(column, as: Int?.self) }
    }

    nonisolated func rows() async throws -> Set<Int> {
        try await root { connection in
            Set(
                try await connection.execute("SELECT id FROM shop.drill_writes").map {
                    try $0.decode("id", as: Int.self)
                })
        }
    }

    nonisolated var exportedFiles: [String] {
        (try? FileManager.default.contentsOfDirectory(atPath: exports)) ?? []
    }
}

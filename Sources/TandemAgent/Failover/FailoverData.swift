import Foundation
import Glibc
import Logging
import TandemBlueprint
import TandemFailover
import TandemFailoverDriver
import TandemReplication
import TandemServices
import TandemStack

/// What the failover's driver works with on a host that has data: its server's process, its data, and how both are
/// spoken to.
struct FailoverData: Sendable {
    let environment: DatabaseEnvironment
    let hosts: FailoverHosts
    let process: ServiceProcess

    private var layout: Layout { environment.layout }
    private var secrets: FailoverSecrets { FailoverSecrets(secrets: environment.secrets) }
    private var stack: Stack { environment.applied.stack }

    /// The folder into which the agent exports transactions that no client was told of, before it removes them from the
    /// data.
    var exportFolder: String { "\(layout.dataFolder)/exports" }

    func settings(of host: HostID) -> DatabaseServerSettings {
        let data = hosts.dataHosts
        return DatabaseServerSettings(
            host: host, names: hosts.names,
            servers: Dictionary(
                data.map { ($0.id, .init(address: $0.host.address, port: Ports.mysql)) },
                uniquingKeysWith: { first, _ in first }),
            socketPath: layout.mysqlSocket, caFile: layout.caFile,
            bootstrap: Bootstrap(
                database: stack.database.name, appUser: stack.database.appUser,
                appReadUser: stack.database.appReadUser, secrets: environment.secrets),
            agentPassword: secrets.agent, closerPassword: secrets.closer,
            replicationPasswords: Dictionary(
                data.map { ($0.id, secrets.replication($0.host.name)) }, uniquingKeysWith: { first, _ in first }))
    }

    /// - Parameters:
    ///   - numbering: the same for all that one driver works with.
    ///   - record: who leads, by what is known now.
    func data(
        of host: HostID, swap: CloneSwap, numbering: GTIDNumbering, record: @escaping @Sendable () async -> StateRecord?
    ) -> HostData {
        let folder = DataFolder(layout.mysqlDataFolder)
        let notes = DataNotes(folder, names: hosts.names)
        let export = TailExport(
            folder: folder, exportFolder: exportFolder, temporaryFolder: layout.temporaryFolder,
            mysqlbinlog: "\(layout.programs.mysqlBase)/bin/mysqlbinlog",
            origin: .init(stack: stack.name, host: environment.host.name, epoch: 0, primary: ""))
        let names = hosts.names
        let statements = settings(of: host).agentStatements.map { $0.replacing("\n", with: " ") }
        let (environment, hosts) = (environment, hosts)
        return HostData(
            notes: notes, numbering: numbering,
            steps: .init(
                initialise: { folder in
                    let upkeep = DatabaseUpkeep(environment: environment)
                    try await environment.initialise(folder, more: upkeep.initialStatements + statements)
                },
                export: { transactions in
                    var export = export
                    if let record = await record() {
                        export.origin.epoch = record.epoch
                        export.origin.primary = names.name(record.primary) ?? ""
                    }
                    if let path = try await export.export(transactions) {
                        environment.logger.warning("transactions that nobody acknowledged were written to \(path)")
                    }
                },
                clone: { source in
                    guard let donor = hosts.dataHosts.first(where: { $0.id == source })?.host else {
                        throw StateError("there is no host number \(source.index) to copy from")
                    }
                    environment.logger.notice("copying the data of \(donor.name)")
                    try await swap.copy(
                        from: .init(
                            address: donor.address, port: Ports.mysql, password: environment.secrets.clone),
                        remembering: .init(
                            knownCluster: notes.membership().value?.knownCluster, hold: notes.hold().value))
                }, dropReplaced: { try await swap.dropOld() }))
    }

    var swap: CloneSwap {
        CloneSwap(
            folders: CloneFolders(data: layout.mysqlDataFolder),
            program: .init(
                mysqld: layout.programs.mysqld, defaultsFile: layout.mysqlFile, caFile: layout.caFile,
                socket: "\(layout.socketFolder)/receiver.sock",
                logFile: "\(layout.logFolder)/mysql-provisioning.log", workingDirectory: layout.dataFolder,
                recordFile: "\(environment.recordFolder)/receiver.json"),
            rootPassword: environment.secrets.root, logger: environment.logger)
    }

    /// How the driver starts mysqld. The record of the process is the one that every service has, so that the keeper
    /// and the next agent find the process.
    func launch(_ started: @escaping @Sendable () -> Void) -> ServerLaunch {
        let (process, socket) = (process, layout.mysqlSocket)
        return ServerLaunch(
            specification: {
                // A pid in it that is a zombie, or was given to another process, makes mysqld refuse to start.
                unlink("\(socket).lock")
                return try process.starter.specification(process.service)
            },
            record: { identity in
                let restarts = process.record.map { $0.restarts + 1 } ?? 0
                let record = ServiceRecord(
                    identity: identity, since: Date().iso8601, restarts: restarts,
                    fingerprint: try process.fingerprint(), loaded: process.files, stop: process.service.stop)
                try AtomicFile.write(record, to: process.recordFile)
                started()
            },
            recorded: { process.record?.identity })
    }
}

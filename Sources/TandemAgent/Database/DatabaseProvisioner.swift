import Foundation
import Glibc
import MySQLConnector
import TandemBlueprint
import TandemReplication
import TandemServices
import TandemStack
import TandemTopology

/// Gives a database host its first data: the primary's is initialised, a replica's is copied from the primary.
///
/// Data is made in a folder beside and moved into place once whole, so an interrupted run begins again.
struct DatabaseProvisioner: Sendable {
    let environment: DatabaseEnvironment
    let board: TopologyBoard

    /// Does nothing where data is there.
    func run(waitsFor: @Sendable (String) async -> Void) async throws {
        // A pid in it that is a zombie, or was given to another process, makes mysqld refuse to start.
        unlink("\(environment.layout.mysqlSocket).lock")
        guard !FileManager.default.fileExists(atPath: environment.dataFolder) else { return }
        await endEarlierReceiver()
        try clear()
        if environment.isPrimary {
            await waitsFor("initialising the data")
            try await environment.initialise(
                environment.newDataFolder, more: DatabaseUpkeep(environment: environment).initialStatements)
            unlink(environment.primaryRecordFile)
        } else {
            await waitsFor("preparing to copy the data from \(environment.intended.primary)")
            try await receiveCopy(waitsFor: waitsFor)
        }
        guard rename(environment.newDataFolder, environment.dataFolder) == 0 else {
            throw StateError.file("move the new data to", environment.dataFolder)
        }
        try? FileManager.default.removeItem(atPath: environment.receiverFolder)
    }

    /// One that an agent has left that died over it: nobody else would end it, and it may still be receiving.
    private func endEarlierReceiver() async {
        guard let record = ServiceRecord.load(receiverRecord) else { return }
        await record.identity.sweep()
        unlink(receiverRecord)
    }

    private var receiverRecord: String { "\(environment.recordFolder)/receiver.json" }

    private func clear() throws {
        for folder in [environment.newDataFolder, environment.receiverFolder]
        where FileManager.default.fileExists(atPath: folder) {
            try FileManager.default.removeItem(atPath: folder)
        }
    }

    /// CLONE needs a running server to receive the copy: a throwaway one, closed to the network.
    private func receiveCopy(waitsFor: @Sendable (String) async -> Void) async throws {
        try await environment.initialise(environment.receiverFolder)
        let socket = "\(environment.layout.socketFolder)/receiver.sock"
        unlink("\(socket).lock")
        let receiver = try RunningProcess.start(environment.provisioning(receiverCommand(socket: socket))) { identity in
            try AtomicFile.write(
                ServiceRecord(identity: identity, since: Date().iso8601, restarts: 0, fingerprint: ""),
                to: receiverRecord)
        }
        defer { unlink(receiverRecord) }
        do {
            let connection = try await connect(to: receiver, socket: socket)
            await waitsFor("waiting for \(environment.intended.primary)")
            let primary = try await primaryToCopy()
            await waitsFor("copying the data from \(environment.intended.primary)")
            try await Clone(
                donorAddress: primary.address, donorPort: primary.port, password: environment.secrets.clone,
                dataFolder: environment.newDataFolder
            ).run(connection)
            await connection.close()
        } catch {
            await receiver.stop(signal: SIGKILL, bound: .zero)
            throw error
        }
        // It holds nothing that anybody needs.
        await receiver.stop(signal: SIGKILL, bound: .zero)
    }

    private func primaryToCopy() async throws -> DatabaseMember {
        while true {
            try Task.checkCancellation()
            let version = await board.version
            if let primary = await board.knownMember(environment.intended.primary),
                Self.canBeCopied(primary, by: environment.host.name)
            {
                return primary
            }
            await board.waitForChange(from: version, timeout: .seconds(10))
        }
    }

    /// Whether `host` may copy the data of a primary. A commit that waits for a partner blocks CLONE without end, so the primary
    /// must have no commits that wait. A primary whose partner is `host` sees that `host` has no data, and goes on alone first.
    static func canBeCopied(_ primary: DatabaseMember, by host: String) -> Bool {
        [.seeding, .open].contains(primary.state) && primary.partner != host
    }

    private func connect(to receiver: RunningProcess, socket: String) async throws -> MySQLConnection {
        let deadline = ContinuousClock.now + .seconds(30)
        while true {
            try Task.checkCancellation()
            if receiver.hasEnded || ContinuousClock.now > deadline {
                let words = LogTail.lastLines(of: environment.provisioningLog, count: 10).joined(separator: "\n")
                throw StateError("the server that receives the copy did not come up:\n\(words)")
            }
            if let connection = try? await environment.connect(socket: socket) { return connection }
            try await Task.sleep(for: .milliseconds(50))
        }
    }

    private func receiverCommand(socket: String) -> [String] {
        // The same settings as the real server's: what is copied must fit (innodb_page_size and the like).
        [
            environment.applied.programs.mysqld, "--defaults-file=\(environment.layout.mysqlFile)",
            "--datadir=\(environment.receiverFolder)", "--socket=\(socket)",
            "--pid-file=\(environment.receiverFolder)/receiver.pid", "--log-error=\(environment.provisioningLog)",
            "--skip-networking", "--skip-log-bin",
            // It has no time zones to know the stack's own by.
            "--default-time-zone=SYSTEM", "--loose-clone-ssl-ca=\(environment.layout.caFile)",
        ]
    }
}

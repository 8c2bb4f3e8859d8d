import EtcdTestServer
import Foundation
import Logging
import MySQLConnector
import Synchronization
import TandemBlueprint
import TandemCoordination
import TandemFailover
import TandemFailoverDriver
import TandemPKI
import TandemReplication
import TandemStack

/// Two data hosts and a witness on this machine: real mysqld with the product's my.cnf, a real etcd, and a driver for
/// each host in this process. Nothing else of a stack.
final class DrillStack: Sendable {
    let folder: String
    let etcd: TestEtcd
    let hosts: [DrillHost]
    let witness: DrillHost
    let ledger = WriteLedger()
    let ca: String
    private let client = Mutex<Task<Void, Never>?>(nil)

    static let secrets = DatabaseSecrets(
        root: "root-secret", replication: "replication-secret", clone: "clone-secret", monitor: "monitor-secret",
        app: "app-secret", appRead: "read-secret")

    static let logger: Logger = {
        var logger = Logger(label: "drill") { _ in
            guard ProcessInfo.processInfo.environment["TANDEM_TEST_VERBOSE"] != nil else {
                return SwiftLogNoOpLogHandler()
            }
            return DrillLog()
        }
        logger.logLevel = .debug
        return logger
    }()

    private static let network = Mutex(0)

    /// - Parameter timing: as in production, with a little more patience: the machine of a test is busy.
    static func with(
        members: Int = 1, timing: Timing = Timing(), _ body: (DrillStack) async throws -> Void
    ) async throws {
        let etcd = try await TestEtcd.start(members: members)
        let stack: DrillStack
        do { stack = try await DrillStack(etcd: etcd, timing: timing) } catch {
            etcd.stop()
            throw error
        }
        do {
            for host in stack.hosts + [stack.witness] { try await host.start() }
            try await body(stack)
        } catch {
            let words = await stack.story()
            await stack.end()
            throw NotSo(what: "\(error)\n\(words)")
        }
        await stack.end()
    }

    private init(etcd: TestEtcd, timing: Timing) async throws {
        self.etcd = etcd
        let number = Self.network.withLock { number in
            number += 1
            return number
        }
        folder = NSTemporaryDirectory() + "/drill-\(UUID().uuidString.prefix(8))"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let peers = DrillPeers()
        let place = DrillPlace(folder: folder, prefix: "127.85.\(number)", timing: timing, etcd: etcd, peers: peers)
        try place.writeCertificates()
        ca = place.caFile
        hosts = [DrillHost(place, 0), DrillHost(place, 1)]
        witness = DrillHost(place, 2)
        try place.watch()
    }

    func end() async {
        await stopClients()
        for host in hosts + [witness] { await host.end() }
        etcd.stop()
        try? FileManager.default.removeItem(atPath: folder)
    }

    func story() async -> String {
        var words = ""
        for host in hosts + [witness] {
            words += "\(host.name): \(await host.summary)\n"
            if let log = await host.log { words += log + "\n" }
        }
        return words
    }

    // MARK: - What is waited for

    /// The host whose server takes writes.
    func primary() async throws -> DrillHost {
        var found: DrillHost?
        try await eventually("a server takes writes", within: .seconds(90)) {
            for host in hosts where await host.report?.takesWrites == true { found = host }
            return found != nil
        }
        guard let found else { throw NotSo(what: "a server takes writes") }
        return found
    }

    func other(than host: DrillHost) -> DrillHost { hosts[0] === host ? hosts[1] : hosts[0] }

    /// - Returns: the primary.
    @discardableResult
    func waitForPair() async throws -> DrillHost {
        var found: DrillHost?
        try await eventually("a pair is formed, and both serve", within: .seconds(120)) {
            for host in hosts {
                let other = other(than: host)
                guard let report = await host.report, report.takesWrites, report.record?.partner == other.id,
                    await other.report?.takesReads == true, await other.report?.record == report.record
                else { continue }
                found = host
            }
            return found != nil
        }
        guard let found else { throw NotSo(what: "a pair") }
        return found
    }

    // MARK: - Clients

    func startClients(_ count: Int = 4) async throws {
        try await primary().sql(WritingClients.createTable, database: "shop")
        let clients = WritingClients(
            servers: hosts.map { $0.clientConfiguration }, count: count, ledger: ledger, logger: quietLogger)
        let task = Task { await clients.run() }
        client.withLock { $0 = task }
        try await eventually("clients write") { ledger.count(.acknowledged) > 20 }
    }

    func stopClients() async {
        let task = client.withLock { task in
            defer { task = nil }
            return task
        }
        task?.cancel()
        await task?.value
    }

    /// Writes are acknowledged again that began after a moment.
    func waitForWrites(after moment: ContinuousClock.Instant) async throws -> Duration {
        try await eventually("writes are accepted again", within: .seconds(90)) {
            ledger.timeUntilAccepted(after: moment) != nil
        }
        return ledger.timeUntilAccepted(after: moment) ?? .zero
    }

    /// Every acknowledged write is on the primary, and the partner holds the same.
    func check() async throws {
        await stopClients()
        let primary = try await waitForPair()
        let partner = other(than: primary)
        let lost = ledger.lost(among: try await primary.rows())
        guard lost.isEmpty else { throw NotSo(what: "no acknowledged write is lost, but \(lost.prefix(10)) are") }
        let sum = "CHECKSUM TABLE shop.drill_writes"
        try await eventually("both servers hold the same") {
            try await primary.number(sum, "Checksum") == partner.number(sum, "Checksum")
        }
    }
}

/// To the millisecond, which is what counts here.
struct DrillLog: LogHandler {
    var metadata: Logger.Metadata = [:]
    var logLevel = Logger.Level.debug
    private static let start = ContinuousClock.now

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        let elapsed = Self.start.duration(to: .now) / .seconds(1)
        let host = metadata["host"].map { "\($0)" } ?? ""
        FileHandle.standardError.write(Data("\(String(format: "%9.3f", elapsed)) \(host): \(event.message)\n".utf8))
    }
}

/// Messages between the drivers of one process.
final class DrillPeers: Sendable {
    private let drivers = Mutex<[HostID: FailoverDriver]>([:])

    func set(_ driver: FailoverDriver?, for host: HostID) { drivers.withLock { $0[host] = driver } }

    struct Channel: PeerChannel {
        let peers: DrillPeers
        let from: HostID

        func send(_ message: PeerMessage, to host: HostID) async -> PeerReply? {
            // An agent that was killed says nothing more.
            guard let target = peers.drivers.withLock({ $0[from] == nil ? nil : $0[host] }) else { return nil }
            await target.receive(message, from: from)
            guard case .status = message else { return PeerReply() }
            return PeerReply(status: await target.reply(to: from))
        }
    }
}

import Foundation
import Glibc
import MySQLConnector
import MySQLTestServer
import TandemBlueprint
import TandemReplication
import TandemServices
import TandemStack
import TandemTopology
import Testing

@testable import TandemAgent

@Suite("A primary")
struct CopyTests {
    @Test("has its sessions waited for while they can go elsewhere, and not while the whole stack is stopped")
    func stopping() {
        func member(_ host: String, _ state: DatabaseMember.State) -> DatabaseMember {
            DatabaseMember(
                host: host, address: "127.0.0.1", port: 3306, role: host == "server1" ? .primary : .replica,
                state: state)
        }
        let replica = member("server2", .streaming)
        func isStackStopping(_ isFenced: Bool, _ own: DatabaseMember, _ primary: DatabaseMember.State?) -> Bool {
            DatabaseController.isStackStopping(
                isFenced: isFenced, own: own, primary: primary.map { member("server1", $0) })
        }
        #expect(!isStackStopping(false, replica, .open))
        #expect(!isStackStopping(false, replica, .waiting))
        #expect(!isStackStopping(false, replica, nil))
        #expect(isStackStopping(false, replica, .stopped))
        #expect(isStackStopping(true, member("server1", .open), .open))
        // A primary that is restarted while its replica serves reads.
        #expect(!isStackStopping(false, member("server1", .stopped), .stopped))
    }

    @Test("is copied from when it can be reached and its commits wait for nobody, least of all for the one who copies")
    func copies() {
        func canBeCopied(_ state: DatabaseMember.State, partner: String? = nil) -> Bool {
            let primary = DatabaseMember(
                host: "server1", address: "127.0.0.1", port: 3306, role: .primary, state: state, partner: partner)
            return DatabaseProvisioner.canBeCopied(primary, by: "server2")
        }
        #expect(canBeCopied(.seeding) && canBeCopied(.open) && canBeCopied(.open, partner: "server3"))
        #expect(!canBeCopied(.open, partner: "server2") && !canBeCopied(.seeding, partner: "server2"))
        for state in [DatabaseMember.State.starting, .provisioning, .waiting, .stopped, .failed] {
            #expect(!canBeCopied(state), "\(state)")
        }
    }
}

/// What leads a real mysqld; the other hosts' words are the test's.
private struct Lead {
    let folder: TemporaryFolder
    let server: MySQLTestServer
    let environment: DatabaseEnvironment
    let board: TopologyBoard
    let controller: DatabaseController

    static let secrets = DatabaseSecrets(
        root: "", replication: "repl", clone: "clone", monitor: "monitor", app: "app", appRead: "read")

    /// - Parameter hosts: the first one is led.
    init(_ server: MySQLTestServer, hosts: [String]) throws {
        self.server = server
        folder = try TemporaryFolder()
        let stack = Stack.sample("127.200.14", hosts: hosts)
        let layout = Layout(hostFolder: folder.path, socketFolder: folder.path, programs: .none, front: nil)
        symlink(server.socketPath, layout.mysqlSocket)
        let intended = try #require(Placement.founding(databaseHosts: hosts))
        environment = DatabaseEnvironment(
            applied: .sample(stack), secrets: Self.secrets, layout: layout, host: stack.hosts[0],
            recordFolder: folder.path, intended: intended, logger: quietLogger)
        let members = hosts.map { host in
            DatabaseMember(
                host: host, address: server.address, port: server.port, role: host == hosts[0] ? .primary : .replica,
                state: .starting)
        }
        board = TopologyBoard(stack: "shop", placement: intended, members: members)
        controller = DatabaseController(environment: environment, board: board, member: members[0])
    }

    var primary: DatabaseMember? {
        get async { await board.knownMember("server1") }
    }

    var record: PrimaryRecord? { PrimaryRecord.load(environment.primaryRecordFile) }

    /// What the partner's agent says.
    func partnerIs(_ state: DatabaseMember.State) async {
        await board.set(
            DatabaseMember(host: "server2", address: "127.0.0.1", port: 3306, role: .replica, state: state))
    }

    func isWaiting() throws -> Bool { try server.sql("SELECT @@rpl_semi_sync_source_enabled") == "1\n" }

    var commitsWait: Bool {
        get throws {
            try server.sql(
                "SELECT COUNT(*) FROM information_schema.processlist WHERE state LIKE 'Waiting for semi-sync ACK%'"
            ) != "0\n"
        }
    }

    /// An administrator's write, on a thread of its own; nil when it went wrong.
    func insert(_ id: Int) -> Task<Bool, Never> {
        Task.detached { [server] in
            await withCheckedContinuation { continuation in
                Thread.detachNewThread {
                    continuation.resume(returning: (try? server.sql("INSERT INTO shop.t VALUES (\(id))")) != nil)
                }
            }
        }
    }
}

@Suite("A database that is led", .serialized)
struct DatabaseControllerTests {
    /// As my.cnf has it for every server of a stack: it boots waiting for a partner.
    private static let plugins = """
        INSTALL PLUGIN rpl_semi_sync_source SONAME 'semisync_source.so';
        INSTALL PLUGIN rpl_semi_sync_replica SONAME 'semisync_replica.so';
        SET GLOBAL rpl_semi_sync_source_timeout = 3155760000000;
        SET GLOBAL rpl_semi_sync_source_enabled = ON;
        """

    @Test(
        "waits for its partner from the first moment of their pair, goes on alone only without its data, and acknowledges nothing by ending",
        .timeLimit(.minutes(3)))
    func pair() async throws {
        async let starting = MySQLTestServer.start(address: "127.200.14.2", settings: "server_id=2")
        let first = try await MySQLTestServer.start(address: "127.200.14.1")
        let second = try await starting
        defer {
            first.stop()
            second.stop()
        }
        for server in [first, second] { try server.sql(Self.plugins) }
        let lead = try Lead(first, hosts: ["server1", "server2"])
        let leading = Task { await lead.controller.run() }
        defer { leading.cancel() }

        try await eventually("it waits to be copied") { await lead.primary?.state == .seeding }
        #expect(try !lead.isWaiting())
        #expect(lead.record == PrimaryRecord(placement: lead.environment.intended.solo, hasServed: false))
        try first.sql("CREATE TABLE shop.t (id INT PRIMARY KEY); INSERT INTO shop.t VALUES (1)")
        #expect(await lead.primary?.state == .seeding, "nobody is let in before the pair is whole")

        // Its agent says that it streams before it does: only an acknowledgement is a proof.
        await lead.partnerIs(.streaming)
        try await eventually("commits wait") { try lead.commitsWait }
        #expect(lead.record?.placement.partner == nil)
        let role = ReplicaRole(
            sourceAddress: first.address, sourcePort: first.port, password: Lead.secrets.replication,
            caFile: first.caFile, acknowledges: true)
        try await follow(role, second)
        try await isPair(lead)

        // Its agent loses it and leads it again, as after a restart.
        try first.sql("SET GLOBAL offline_mode = ON; SET GLOBAL rpl_semi_sync_source_enabled = OFF")
        for id in try first.sql("SELECT id FROM information_schema.processlist WHERE user = 'root'").split(
            separator: "\n")
        {
            _ = try? first.sql("KILL \(id)")
        }
        try await eventually("it is led again") { try first.sql("SELECT @@offline_mode") == "0\n" }
        try await isPair(lead)

        try second.sql("STOP REPLICA")
        let write = lead.insert(2)
        try await eventually("the write waits") { try lead.commitsWait }
        try await eventually("it is said that writes wait") { await lead.primary?.state == .waiting }
        await lead.partnerIs(.provisioning)
        #expect(await write.value, "a partner without data cannot lead, so it is not waited for")
        try await eventually("it goes on alone") { lead.record?.placement.partner == nil }
        try await eventually("it is open alone") { await lead.primary?.state == .open }
        #expect(try await lead.primary?.partner == nil && !lead.isWaiting())

        try await follow(role, second)
        await lead.partnerIs(.streaming)
        try await isPair(lead)
        try await endsWithoutAcknowledging(lead, second)
    }

    private func follow(_ role: ReplicaRole, _ second: MySQLTestServer) async throws {
        // Kept until the end: with it goes the folder in which the socket lies.
        let follower = try Lead(second, hosts: ["server1", "server2"])
        defer { withExtendedLifetime(follower) {} }
        let connection = try await follower.environment.connect()
        try await role.follow(connection)
        try await eventually("the replica streams") { try await ReplicaStatus.read(connection)?.isStreaming == true }
        await connection.close()
    }

    private func isPair(_ lead: Lead) async throws {
        try await eventually("it is open as one of two") {
            let primary = await lead.primary
            return primary?.state == .open && primary?.partner == "server2"
        }
        #expect(try lead.isWaiting())
        #expect(lead.record == PrimaryRecord(placement: lead.environment.intended, hasServed: true))
    }

    /// SIGTERM would have mysqld acknowledge what the partner does not have.
    private func endsWithoutAcknowledging(_ lead: Lead, _ second: MySQLTestServer) async throws {
        try second.sql("STOP REPLICA")
        let write = lead.insert(3)
        try await eventually("the write waits") { try lead.commitsWait }
        await #expect(throws: (any Error).self) { try await lead.controller.fence() }
        let process = try #require(
            lead.server.processID.flatMap(ProcessIdentity.init(pid:)).flatMap(RunningProcess.adopt))
        await lead.controller.stop(process, bound: .seconds(30))
        #expect(await write.value == false)
        #expect(await lead.primary?.state == .stopped)
    }

    @Test("alone is open at once, and closed for good once it was told to close", .timeLimit(.minutes(2)))
    func solo() async throws {
        let server = try await MySQLTestServer.start(address: "127.200.14.3")
        defer { server.stop() }
        try server.sql(Self.plugins)
        let lead = try Lead(server, hosts: ["server1"])
        let leading = Task { await lead.controller.run() }
        defer { leading.cancel() }
        try await eventually("it is open") { await lead.primary?.state == .open }
        #expect(lead.record == PrimaryRecord(placement: lead.environment.intended, hasServed: true))
        try server.sql("CREATE TABLE shop.t (id INT PRIMARY KEY)")
        #expect(await lead.insert(1).value)

        try await lead.controller.fence()
        #expect(await lead.primary?.state == .stopped)
        // More than it takes to notice that a beat was refused, and to begin anew.
        for id in 2..<30 {
            #expect(await lead.insert(id).value == false)
            try await Task.sleep(for: .milliseconds(100))
        }
        #expect(try server.sql("SELECT @@super_read_only, @@offline_mode") == "1\t1\n")
        #expect(await lead.primary?.state == .stopped)
    }
}

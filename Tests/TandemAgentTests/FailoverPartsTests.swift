import TandemFailover
import TandemFailoverDriver
import TandemReplication
import TandemStack
import TandemTopology
import Testing

@testable import TandemAgent

@Suite("An agent's part in the failover")
struct FailoverPartsTests {
    static let names = HostNames(["lb1", "server1", "server2"])
    static let (lb1, server1, server2) = (HostID(0), HostID(1), HostID(2))

    @Test("Those with data and those that vote take part, numbered as in the stack file")
    func hosts() {
        let hosts = FailoverHosts(.sample("127.80.0"))
        #expect(hosts.names == Self.names)
        #expect(hosts.dataHosts.map(\.host.name) == ["server1", "server2"])
        #expect(hosts.number("lb2") == nil)
        let configuration = hosts.configuration(of: Self.server1, cluster: 7, hold: .none)
        #expect(configuration.dataHosts == HostSet(Self.server1, Self.server2))
        #expect(configuration.members == HostSet(Self.lb1, Self.server1, Self.server2))
        #expect(configuration.cluster == 7)
        // Two hosts that found at the same time must not found the same stack.
        let other = hosts.configuration(of: Self.server2, cluster: nil, hold: .none)
        #expect(configuration.newCluster != other.newCluster)
    }

    @Test("Passwords follow from the stack's secrets, differ from each other, and fit MySQL's 32 characters")
    func secrets() {
        let secrets = StackSecrets.generate().database
        let derived = FailoverSecrets(secrets: secrets)
        let all = [derived.agent, derived.closer, derived.replication("server1"), derived.replication("server2")]
        #expect(Set(all).count == 4 && all.allSatisfy { $0.count == 32 && $0.allSatisfy(\.isHexDigit) })
        #expect(FailoverSecrets(secrets: secrets).replication("server1") == derived.replication("server1"))
        // RFC 2104 with SHA-256, worked out by another program: printf 'tandem_agent' | openssl dgst -sha256 -hmac secret
        let known = FailoverSecrets(
            secrets: DatabaseSecrets(
                root: "secret", replication: "", clone: "", monitor: "", app: "", appRead: ""))
        #expect(known.agent == "1a82bd12ab1336e6d248833a9af72013")
    }

    @Test("Data that began with one kind of failover is not started with another")
    func keepsKind() throws {
        let folder = try TemporaryFolder()
        var stack = Stack.sample("127.80.0")
        let first = StackPreparation(stack, in: folder)
        try first.makeFolders()
        try first.write(first.applied)
        stack.database.failover = .automatic
        let changed = StackPreparation(stack, in: folder)
        try changed.checkFailover()
        try folder.make("state/hosts/server1/data/mysql")
        try first.checkFailover()
        let error = #expect(throws: StateError.self) { try changed.checkFailover() }
        #expect(error?.description.contains("began with `failover: none`") == true)
    }

    @Test("A stack is not started without the host that was its primary")
    func keepsPrimary() throws {
        let folder = try TemporaryFolder()
        var stack = Stack.sample("127.80.0")
        stack.database.failover = .automatic
        let preparation = StackPreparation(stack, in: folder)
        try preparation.makeFolders()
        for (host, primary, epoch) in [("server1", "server1", 1), ("server2", "server2", 2)] {
            try PlacementRecord.save(
                Placement(epoch: epoch, primary: primary, partner: nil), host: host, folder: preparation.folder)
        }
        try preparation.checkFailover()
        stack.hosts.removeLast()
        let error = #expect(throws: StateError.self) { try StackPreparation(stack, in: folder).checkFailover() }
        #expect(error?.description.contains("server2 was the primary when 'shop' last ran") == true)
    }

    struct Row: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var report: @Sendable (inout FailoverReport) -> Void
        var role: DatabaseMember.Role
        var state: DatabaseMember.State
        var partner: String?
        var detail: String?
    }

    private static func record(_ standing: StateRecord.Standing, primary: HostID = server1) -> StateRecord {
        StateRecord(epoch: 3, primary: primary, standing: standing)
    }

    static let rows: [Row] = [
        Row(
            testDescription: "a primary in a pair",
            report: {
                $0.record = record(.paired(server2))
                ($0.role, $0.life, $0.access) = (.primary, .up, .writing)
            }, role: .primary, state: .open, partner: "server2"),
        Row(
            testDescription: "a primary whose partner does not answer",
            report: {
                $0.record = record(.paired(server2))
                ($0.role, $0.life, $0.access, $0.doWritesWait) = (.primary, .up, .writing, true)
            }, role: .primary, state: .waiting, partner: "server2", detail: "writes wait for server2"),
        Row(
            testDescription: "a primary that has not proven its pair",
            report: {
                $0.record = record(.paired(server2))
                ($0.role, $0.life, $0.access) = (.primary, .up, .guarded)
            }, role: .primary, state: .starting, partner: "server2",
            detail: "it is the primary, and opens once server2 has confirmed a write"),
        Row(
            testDescription: "a primary alone",
            report: {
                $0.record = record(.alone)
                ($0.role, $0.life, $0.access) = (.primary, .up, .writing)
            }, role: .primary, state: .open),
        Row(
            testDescription: "a primary that has died",
            report: {
                $0.record = record(.paired(server2))
                ($0.role, $0.life) = (.primary, .down)
            }, role: .primary, state: .starting, partner: "server2"),
        Row(
            testDescription: "a partner",
            report: {
                $0.record = record(.paired(server2))
                ($0.role, $0.life, $0.access, $0.follows) = (.partner, .up, .reading, true)
            }, role: .replica, state: .streaming),
        Row(
            testDescription: "a replica without its source",
            report: {
                $0.record = record(.paired(server2))
                ($0.role, $0.life, $0.access) = (.partner, .up, .reading)
            }, role: .replica, state: .disconnected, detail: "it does not receive from the primary"),
        Row(
            testDescription: "an old primary that returns",
            report: {
                $0.record = record(.alone, primary: server2)
                ($0.role, $0.life, $0.access) = (.replica, .up, .closed)
            }, role: .replica, state: .starting, detail: "it is compared with the primary before it serves"),
        Row(
            testDescription: "a replica that gets a copy",
            report: {
                $0.record = record(.alone)
                ($0.role, $0.life, $0.command) = (.replica, .down, .clone(from: server1))
            }, role: .replica, state: .provisioning, detail: "copying the data of server1"),
        Row(
            testDescription: "one that an operator has stopped",
            report: {
                $0.record = record(.alone)
                ($0.role, $0.life, $0.isStopped) = (.replica, .down, true)
            }, role: .replica, state: .stopped, detail: "stopped by an operator"),
    ]

    @Test("What others hear of a database is what its failover knows", arguments: rows)
    func member(row: Row) throws {
        var report = FailoverReport()
        let unknown = DatabaseMember(
            host: "server1", address: "127.80.0.21", port: 3306, role: .primary, state: .starting, isClosing: true)
        #expect(
            MemberView(report: report, names: Self.names).applied(to: unknown) == nil,
            "an agent that knows nothing says nothing")
        row.report(&report)
        let member = try #require(
            MemberView(report: report, names: Self.names, lagSeconds: 1.5).applied(to: unknown))
        #expect(member.role == row.role && member.state == row.state && member.epoch == 3)
        #expect(member.partner == row.partner && member.detail == row.detail && member.isClosing == nil)
        let mayLag = row.state == .streaming || row.state == .disconnected
        #expect(member.lagSeconds == (mayLag ? 1.5 : nil))
    }
}

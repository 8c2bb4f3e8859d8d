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

    @Test("One that only votes reads etcd now and then, and finds at its third look that a host is silent")
    func witnesses() {
        let hosts = FailoverHosts(.sample("127.80.0"))
        let witness = hosts.configuration(of: Self.lb1, cluster: nil, hold: .none).timing
        let data = hosts.configuration(of: Self.server1, cluster: nil, hold: .none).timing
        #expect(data == Timing())
        #expect(
            2 * witness.refreshInterval < 2 * witness.storePatience, "what it has read would lapse where one read fails"
        )
        let last = FailoverHosts(.sample("127.80.0", hosts: ["server1", "server2", "lb1"]))
        let number = last.number("lb1")
        #expect(number.map { last.configuration(of: $0, cluster: nil, hold: .none).timing.hearingPatience } == 1_500)
        // It looks only so often, and hears others just after a look.
        let looks = DriverSettings().restLookInterval
        let lateness: Milliseconds = 100
        #expect((2 * looks + lateness...3 * looks - lateness).contains(witness.hearingPatience))
    }

    @Test("Passwords follow from the stack's secrets, differ from each other, and fit MySQL's 32 characters")
    func secrets() {
        let secrets = StackSecrets.generate().database
        let derived = FailoverSecrets(secrets: secrets)
        let all = [derived.agent, derived.closer, derived.replication("server1"), derived.replication("server2")]
        #expect(Set(all).count == 4 && all.allSatisfy { $0.count == 32 && $0.allSatisfy(\.isHexDigit) })
        #expect(FailoverSecrets(secrets: secrets).replication("server1") == derived.replication("server1"))
        // RFC 2104 with SHA-256, worked out by another program: printf 'tandem_agent' | openssl dgst -sha256 -hmac
        // secret
        let known = FailoverSecrets(
            secrets: DatabaseSecrets(
                root: "secret", replication: "", clone: "", monitor: "", app: "", appRead: ""))
        #expect(known.agent == "1a82bd12ab1336e6d248833a9af72013")
    }

    @Test("Data of which nothing says whose it is needs an operator's word, which says what becomes of it")
    func foreignData() throws {
        let folder = try TemporaryFolder()
        let preparation = StackPreparation(.sample("127.80.0"), in: folder)
        try preparation.makeFolders()
        try preparation.checkPrimary()
        for host in ["server1", "server2"] { try folder.make("state/hosts/\(host)/data/mysql") }
        try folder.make("state/hosts/lb1/data/etcd/member")
        let notes = { DataNotes(DataFolder("\(preparation.folder.host($0))/data/mysql"), names: HostNames([])) }
        try notes("server1").note(DataMembership(knownCluster: 7, attachedEpoch: 3))
        let error = #expect(throws: StateError.self) { try preparation.checkPrimary() }
        #expect(error?.description.contains("the data of server2 is from an earlier version") == true)
        #expect(error?.description.contains("tandem up --adopt server2") == true)

        for wrong in ["lb1", "server9"] {
            #expect(throws: StateError.self) { try preparation.adopt(dataOf: wrong) }
        }
        #expect(notes("server1").membership().value?.knownCluster == 7, "a refused order changes nothing")
        try PlacementRecord.save(
            Placement(epoch: 4, primary: "server1", partner: nil), host: "server1", folder: preparation.folder)
        try preparation.adopt(dataOf: "server2")
        try preparation.checkPrimary()
        for host in ["server1", "server2"] {
            #expect(Adoption.load(host: host, folder: preparation.folder) == Adoption(host: "server2", formerEpoch: 4))
            #expect(notes(host).membership() == .absent)
        }
        #expect(preparation.folder.hostsWithStore.isEmpty, "what etcd held counts no more")
    }

    @Test("Data of a host that has none is not adopted")
    func nothingToAdopt() throws {
        let folder = try TemporaryFolder()
        let preparation = StackPreparation(.sample("127.80.0"), in: folder)
        try preparation.makeFolders()
        let error = #expect(throws: StateError.self) { try preparation.adopt(dataOf: "server1") }
        #expect(error?.description.contains("server1 has no data to go on from") == true)
    }

    @Test("A stack is not started without the host that was its primary")
    func keepsPrimary() throws {
        let folder = try TemporaryFolder()
        var stack = Stack.sample("127.80.0")
        let preparation = StackPreparation(stack, in: folder)
        try preparation.makeFolders()
        for (host, primary, epoch) in [("server1", "server1", 1), ("server2", "server2", 2)] {
            try PlacementRecord.save(
                Placement(epoch: epoch, primary: primary, partner: nil), host: host, folder: preparation.folder)
        }
        stack.hosts.removeLast()
        try StackPreparation(stack, in: folder).checkPrimary()
        try folder.make("state/hosts/server2/data/mysql")
        let error = #expect(throws: StateError.self) { try StackPreparation(stack, in: folder).checkPrimary() }
        #expect(error?.description.contains("server2 was the primary when 'shop' last ran") == true)
    }

    struct Row: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var report: @Sendable (inout FailoverReport) -> Void
        var role: DatabaseMember.Role
        var state: DatabaseMember.State
        var partner: String?
        var detail: String?
        var isClosing: Bool?
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
            testDescription: "a primary that hands over",
            report: {
                $0.record = record(.paired(server2))
                ($0.role, $0.life, $0.access, $0.isHandingOver) = (.primary, .up, .writing, true)
            }, role: .primary, state: .open, partner: "server2", isClosing: true),
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
            testDescription: "a partner that was promoted and has applied all",
            report: {
                $0.record = record(.alone)
                ($0.role, $0.life, $0.access, $0.isAboutToOpen) = (.primary, .up, .reading, true)
            }, role: .primary, state: .disconnected, detail: "it is the primary, and about to open"),
        Row(
            testDescription: "a partner that was promoted and lacks what it received",
            report: {
                $0.record = record(.alone)
                ($0.role, $0.life, $0.access) = (.primary, .up, .reading)
            }, role: .primary, state: .starting, detail: "it is the primary, and about to open"),
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
            testDescription: "a replica that lags too far to serve",
            report: {
                $0.record = record(.alone, primary: server2)
                ($0.role, $0.life, $0.access, $0.follows) = (.replica, .up, .closed, true)
            }, role: .replica, state: .starting, detail: "it catches up with the primary before it serves"),
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
        #expect(member.partner == row.partner && member.detail == row.detail && member.isClosing == row.isClosing)
        let mayLag =
            row.state == .streaming || row.state == .disconnected || row.detail?.hasPrefix("it catches up") == true
        #expect(member.lagSeconds == (mayLag ? 1.5 : nil))
    }
}

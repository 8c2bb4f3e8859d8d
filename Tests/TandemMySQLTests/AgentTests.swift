import MySQLConnector
import MySQLTestServer
import TandemTopology
import Testing

@testable import TandemMySQL

@Suite("A cluster that listens to an agent", .timeLimit(.minutes(3)))
struct AgentTests {
    @Test(
        "goes where the agent says, holds writes while the primary waits, and does without the agent when that is away")
    func agent() async throws {
        let pair = try await Pair.start("127.203.1")
        defer { pair.stop() }
        let (one, two) = (("one", pair.first.place), ("two", pair.second.place))
        let agent = TestAgent(address: "127.203.1.3", primary: one.1, replica: two.1)
        let serving = Task { try await agent.run() }
        var configuration = pair.configuration()
        configuration.topology = .agent(url: agent.url)
        try await pair.with(configuration) { cluster in
            let first = try await cluster.write("INSERT INTO note VALUES (1, 'one')")
            #expect(first.token?.epoch == 1 && cluster.statistics.servers["one"]?.writesTotal == 1)

            // The primary has lost its partner: what is not sent yet waits here, not in a commit.
            agent.say(TestAgent.topology(epoch: 1, primary: one, replica: two, state: .waiting))
            try await eventually("the cluster knows") { !cluster.statistics.takesWrites }
            async let held = cluster.write("INSERT INTO note VALUES (2, 'held')")
            try await eventually("it is held") { cluster.statistics.held == 1 }
            #expect(try pair.first.sql("SELECT COUNT(*) FROM shop.note") == "1\n")
            #expect(try await cluster.read("SELECT 1", consistency: .strong).count == 1)
            agent.say(TestAgent.topology(epoch: 1, primary: one, replica: two))
            #expect(try await held.token?.epoch == 1)

            try await pair.promoteSecond()
            agent.say(TestAgent.topology(epoch: 2, primary: two, replica: one))
            let second = try await cluster.write("INSERT INTO note VALUES (3, 'two')")
            #expect(second.token?.epoch == 2 && cluster.statistics.servers["two"]?.writesTotal == 1)
            #expect(try await cluster.read("SELECT 1 FROM note", consistency: .strong).count == 3)

            // What an agent says that has slept is out of date.
            agent.say(TestAgent.topology(epoch: 1, primary: one, replica: two))
            try await Task.sleep(for: .milliseconds(200))
            #expect(cluster.statistics.primary == "two")

            // The agent dies; its last word stands. Then the servers change roles, and say so themselves.
            serving.cancel()
            _ = try? await serving.value
            try await cluster.write("INSERT INTO note VALUES (4, 'without an agent')")
            try pair.follow(pair.first, pair.second)
            try await pair.caughtUp(pair.first, with: pair.second)
            try pair.second.sql("SET GLOBAL super_read_only = ON")
            try await pair.caughtUp(pair.first, with: pair.second)
            try pair.first.sql("STOP REPLICA; RESET REPLICA ALL; SET GLOBAL read_only = OFF")
            let third = try await cluster.write("INSERT INTO note VALUES (5, 'one again')")
            #expect(third.token?.epoch == 3 && cluster.statistics.primary == "one")
        }
    }

    @Test("the heir has one connection, and as many as the primary had while that takes no writes; and they are used")
    func warmHeir() async throws {
        let pair = try await Pair.start("127.203.5")
        defer { pair.stop() }
        let (one, two) = (("one", pair.first.place), ("two", pair.second.place))
        let agent = TestAgent(address: "127.203.5.3", primary: one.1, replica: two.1)
        func writers(_ server: MySQLTestServer) throws -> Int {
            let count = try server.sql("SELECT COUNT(*) FROM information_schema.processlist WHERE user = 'writer'")
            return try #require(Int(count.filter(\.isNumber)))
        }
        try await pair.with(agent) { cluster in
            let writing = Shared(0)
            try await withThrowingTaskGroup { group in
                for number in 1...4 {
                    group.addTask {
                        try await cluster.withPrimaryConnection { connection in
                            _ = try await connection.execute("INSERT INTO note VALUES (\(number), 'one')")
                            writing.withLock { $0 += 1 }
                            try await eventually("all have one at once") { writing.withLock { $0 } == 4 }
                        }
                    }
                }
                try await group.waitForAll()
            }
            try await eventually("four are open") { try writers(pair.first) == 4 }
            #expect(try writers(pair.second) == 0)
            var topology = TestAgent.topology(epoch: 1, primary: one, replica: two)
            topology.members[0].partner = "two"
            agent.say(topology)
            try await eventually("one is open") { try writers(pair.second) == 1 }
            topology.members[1].state = .stopped
            agent.say(topology)
            try await eventually("it is closed") { try writers(pair.second) == 0 }
            topology.members[1].state = .streaming
            topology.members[0].state = .waiting
            agent.say(topology)
            try await eventually("one is open again") { try writers(pair.second) == 1 }
            try await Task.sleep(for: .milliseconds(200))
            #expect(try writers(pair.second) == 1, "a pair that stalls is no change of primary")
            try await eventually("it is counted") { cluster.statistics.servers["two"]?.writePool?.idle == 1 }
            topology.members[0].state = .open
            topology.members[0].isClosing = true
            agent.say(topology)
            try await eventually("as many are open as the primary had") { try writers(pair.second) == 4 }

            // The former primary may be the first to say that there is a later epoch, and not who leads in it.
            topology.epoch = 2
            topology.members[0].epoch = 1
            agent.say(topology)
            try await Task.sleep(for: .milliseconds(200))
            #expect(try writers(pair.second) == 4)

            try await pair.promoteSecond()
            agent.say(TestAgent.topology(epoch: 2, primary: two, replica: one))
            #expect(try await cluster.write("INSERT INTO note VALUES (5, 'two')").token?.epoch == 2)
            // The server counts a login before the client has its last word of it.
            try await eventually("all are there") { cluster.statistics.servers["two"]?.writePool?.idle == 4 }
            #expect(cluster.statistics.servers["two"]?.writePool?.openedTotal == 4)
            try await eventually("the former primary's are closed") { try writers(pair.first) == 0 }
        }
    }

    @Test("the heir is who is waited for and serves")
    func heir() {
        let place = MySQLConfiguration.Address.tcp(host: "10.0.0.1", port: 3306)
        func view(_ adapt: (inout Topology) -> Void) -> ClusterView {
            var topology = TestAgent.topology(epoch: 1, primary: ("one", place), replica: ("two", place))
            topology.members[0].partner = "two"
            topology.members[0].state = .starting
            adapt(&topology)
            return ClusterView(topology, maximumLagSeconds: 10)
        }
        func heir(_ adapt: (inout Topology) -> Void) -> String? { view(adapt).heir }
        #expect(heir { _ in } == "two")
        #expect(heir { $0.members[0].state = .waiting } == "two")
        #expect(heir { $0.members[0].state = .open } == "two")
        #expect(view { _ in }.changesSoon && !view { $0.members[0].state = .waiting }.changesSoon)
        #expect(view { ($0.members[0].state, $0.members[0].isClosing) = (.open, true) }.changesSoon)
        #expect(!view { $0.members[0].state = .open }.changesSoon)
        #expect(!view { $0.members[1].state = .stopped }.changesSoon)
        #expect(heir { $0.members[0].partner = nil } == nil)
        #expect(heir { $0.members[0].partner = "three" } == nil)
        #expect(heir { $0.members[1].state = .stopped } == nil)
        #expect(heir { $0.members[1].lagSeconds = 20 } == nil)
        #expect(heir { ($0.epoch, $0.members[0].epoch) = (2, 1) } == nil, "whoever leads in a later epoch is not known")
    }

    @Test("a former primary that answers may still do so; one that hangs or is gone is hardly waited for")
    func grace() {
        var server = ClusterView.Server(name: "one", address: .tcp(host: "10.0.0.1", port: 3306), servesReads: false)
        let answering = MySQLCluster.writeGrace(server)
        server.isReachable = false
        #expect(answering >= .milliseconds(500))
        #expect(MySQLCluster.writeGrace(server) <= answering / 4)
        #expect(MySQLCluster.writeGrace(nil) == MySQLCluster.writeGrace(server))
    }

    @Test("a write that hangs at a frozen primary is settled at the next one, while the first still hangs")
    func frozenPrimary() async throws {
        let pair = try await Pair.start("127.203.4")
        defer { pair.stop() }
        let (one, two) = (("one", pair.first.place), ("two", pair.second.place))
        let agent = TestAgent(address: "127.203.4.3", primary: one.1, replica: two.1)
        try await pair.with(agent) { cluster in
            try await cluster.write("INSERT INTO note VALUES (0, 'has a connection')")
            pair.first.setFrozen(true)
            let hanging = Task { try await cluster.write("INSERT INTO note VALUES (1, 'hangs')") }
            try await eventually("it is on its way") { cluster.statistics.servers["one"]?.writePool?.leased == 1 }
            try await Task.sleep(for: .milliseconds(200))
            try pair.second.sql("STOP REPLICA; RESET REPLICA ALL; SET GLOBAL read_only = OFF")
            var next = TestAgent.topology(epoch: 2, primary: two, replica: one)
            next.members[0].state = .starting
            agent.say(next)
            let other = try await cluster.write("INSERT INTO note VALUES (2, 'goes on')")
            #expect(other.token?.epoch == 2)
            let error = await #expect(throws: MySQLError.self) { try await hanging.value }
            #expect(error?.code == .commitOutcomeUnknown)
        }
    }

    @Test("asks again only when there is news, and bears an agent that talks nonsense")
    func polls() async throws {
        let nowhere = MySQLConfiguration.Address.tcp(host: "127.203.2.1", port: 1)
        let agent = TestAgent(address: "127.203.2.3", primary: nowhere, replica: nowhere)
        let serving = Task { try await agent.run() }
        var configuration = MySQLClusterConfiguration(
            topology: .agent(url: agent.url),
            writer: MySQLConfiguration(address: nowhere, username: "nobody", password: ""))
        configuration.writeHoldLimit = .milliseconds(100)
        let cluster = try MySQLCluster(configuration: configuration, logger: quietLogger)
        let running = Task { try await cluster.run() }
        try await eventually("the cluster has heard of the servers") { cluster.statistics.primary == "one" }
        // The second question is held until there is news, for five seconds.
        try await eventually("it has asked again") { agent.polls >= 2 }
        try await Task.sleep(for: .milliseconds(500))
        #expect(agent.polls == 2)
        running.cancel()
        try await running.value
        serving.cancel()

        configuration.topology = .agent(url: "http://127.203.2.3:8009/elsewhere")
        let other = try MySQLCluster(configuration: configuration, logger: quietLogger)
        let error = await #expect(throws: MySQLError.self) { try await other.write("SELECT 1") }
        #expect(error?.code == .noServer)
        for wrong in ["https://127.0.0.1:1/", "http://127.0.0.1/", "x", "http://h:0/"] {
            configuration.topology = .agent(url: wrong)
            #expect(throws: MySQLError.self) { try MySQLCluster(configuration: configuration, logger: quietLogger) }
        }
    }
}

@Suite("The cluster's configuration")
struct ConfigurationTests {
    private let writes = "mysql://shop:w@127.0.0.1:6446/shop?ssl-mode=VERIFY_CA&ssl-ca=/ca.pem"
    private let reads = "mysql://shop_read:r@127.0.0.1:6447/shop?ssl-mode=VERIFY_CA&ssl-ca=/ca.pem"

    @Test("comes from what a stack gives its app: the agent says where, the URLs say who")
    func stack() throws {
        let configuration = try MySQLClusterConfiguration(environment: [
            "DATABASE_URL": writes, "DATABASE_READ_URL": reads,
            "TANDEM_TOPOLOGY_URL": "http://127.0.0.1:8009/topology",
        ])
        #expect(configuration.topology == .agent(url: "http://127.0.0.1:8009/topology"))
        let server = ClusterView.Server(
            name: "one", address: .tcp(host: "10.0.0.1", port: 3306), uuid: nil, servesReads: true)
        let reader = configuration.reader(at: server)
        #expect(reader.username == "shop_read" && reader.address == server.address && !reader.tracksGTIDs)
        #expect(reader.tls == .require(caFile: "/ca.pem", verifyServerName: true))
        let writer = configuration.writer(at: server)
        #expect(writer.username == "shop" && writer.password == "w" && writer.tracksGTIDs)
    }

    @Test("without a stack it is a list of servers")
    func list() throws {
        let one = try MySQLClusterConfiguration(environment: ["DATABASE_URL": writes])
        #expect(one.topology == .servers([.tcp(host: "127.0.0.1", port: 6446)]))
        #expect(one.reader.username == "shop")
        let two = try MySQLClusterConfiguration(environment: ["DATABASE_URL": writes, "DATABASE_READ_URL": reads])
        #expect(
            two.topology == .servers([.tcp(host: "127.0.0.1", port: 6446), .tcp(host: "127.0.0.1", port: 6447)]))
        let named = try MySQLClusterConfiguration(environment: [
            "DATABASE_URL": writes, "DATABASE_SERVERS": "10.0.0.1:3307, db.example,[::1]:3308",
        ])
        #expect(
            named.topology
                == .servers([
                    .tcp(host: "10.0.0.1", port: 3307), .tcp(host: "db.example", port: 3306),
                    .tcp(host: "::1", port: 3308),
                ]))
    }

    @Test("says all that is wrong at once, and no password")
    func wrong() {
        let error = #expect(throws: MySQLError.self) {
            try MySQLClusterConfiguration(environment: [
                "DATABASE_READ_URL": "mysql://u:hunter2@h/d?x=1", "TANDEM_TOPOLOGY_URL": "https://x/",
                "DATABASE_SERVERS": "a/b",
            ])
        }
        let text = error?.message ?? ""
        #expect(text.split(separator: "\n").count == 4 && !text.contains("hunter2"))
        for name in ["DATABASE_URL is not set", "DATABASE_READ_URL", "TANDEM_TOPOLOGY_URL", "DATABASE_SERVERS"] {
            #expect(text.contains(name))
        }
        var configuration = MySQLClusterConfiguration(
            topology: .servers([]), writer: MySQLConfiguration(address: .unixSocket("/"), username: "u", password: ""))
        #expect(throws: MySQLError.self) { try MySQLCluster(configuration: configuration, logger: quietLogger) }
        configuration.topology = .servers([.unixSocket("/")])
        configuration.commitTable = "x; DROP TABLE y"
        #expect(throws: MySQLError.self) { try MySQLCluster(configuration: configuration, logger: quietLogger) }
    }
}

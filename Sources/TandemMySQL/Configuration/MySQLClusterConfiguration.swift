public import MySQLConnector

/// Where a cluster's servers are, how to log in, and how patient to be. Everything has a bound.
public struct MySQLClusterConfiguration: Sendable {
    /// Where it is learnt who is primary.
    public enum Topology: Sendable, Hashable {
        /// From the agent of a Tandem stack, which holds each question until there is news:
        /// `http://ADDRESS:PORT/topology`, as in the app's environment (`TANDEM_TOPOLOGY_URL`).
        case agent(url: String)
        /// From the servers themselves, each asked every ``MySQLClusterConfiguration/probeInterval``: the one that is
        /// not read-only is the primary. They need `gtid_mode=ON`, and replicas `read_only` or `super_read_only`.
        case servers([MySQLConfiguration.Address])
    }

    public var topology: Topology
    /// Who logs in to write, and how; its address is not used.
    public var writer: MySQLConfiguration
    /// Who logs in to read, on primary and replicas; its address is not used. A user who may only SELECT keeps reads
    /// from writing.
    public var reader: MySQLConfiguration
    /// Connections to the primary, for writes. In a Tandem stack the least number of them is open to its partner, too.
    public var writePool = MySQLPoolOptions(minimumConnections: 1, maximumConnections: 8)
    /// Connections to each server, for reads.
    public var readPool = MySQLPoolOptions(minimumConnections: 1, maximumConnections: 16)
    /// How much of the reads a server gets, by its name (the host's in a stack, else `ADDRESS:PORT`); others have 1.
    /// With 0 it is asked when no other is left.
    public var weights: [String: Double] = [:]
    /// A replica that is further behind is left out of the reads until it has caught up.
    public var maximumLag: Duration = .seconds(10)
    /// How long a read that must see a write waits on a replica for it, before it goes to the primary.
    public var gtidWaitLimit: Duration = .milliseconds(200)
    /// How long a write that was not sent waits for a primary.
    public var writeHoldLimit: Duration = .seconds(10)
    /// How long a read waits for a server.
    public var readHoldLimit: Duration = .seconds(5)
    /// Reads and writes that may wait for a server at a time; further ones get ``MySQLError/Code/poolQueueFull`` at
    /// once.
    public var maximumHeld = 4096
    /// How often servers of a fixed list are asked; sooner after a failure.
    public var probeInterval: Duration = .seconds(1)
    /// The table in the writer's database that `exactlyOnce` keeps its records in; made on first use.
    public var commitTable = "tandem_commit"
    /// How long these records are kept; longer than any transaction waits for its outcome.
    public var commitRetention: Duration = .seconds(86_400)
    /// How often older ones are deleted.
    public var commitSweepInterval: Duration = .seconds(600)

    /// - Parameter reader: `nil`: the same as the writer.
    public init(topology: Topology, writer: MySQLConfiguration, reader: MySQLConfiguration? = nil) {
        self.topology = topology
        self.writer = writer
        self.reader = reader ?? writer
        // Whoever waits longer than that asks again who is primary, or another server.
        writePool.acquireTimeout = .seconds(1)
        writePool.backoff = .milliseconds(20) ... .milliseconds(250)
        readPool.acquireTimeout = .seconds(1)
        readPool.backoff = .milliseconds(20) ... .milliseconds(500)
        readPool.waitsForServer = false
    }
}

extension MySQLClusterConfiguration {
    func writer(at server: ClusterView.Server) -> MySQLConfiguration {
        var configuration = dialling(writer, server)
        configuration.tracksGTIDs = true
        return configuration
    }

    func reader(at server: ClusterView.Server) -> MySQLConfiguration { dialling(reader, server) }

    private func dialling(_ configuration: MySQLConfiguration, _ server: ClusterView.Server) -> MySQLConfiguration {
        var configuration = configuration
        configuration.address = server.address
        // A URL that leads through a router can only ask for the authority. The servers themselves are named in their
        // certificates.
        if case .agent = topology, case .require(let caFile?, _) = configuration.tls {
            configuration.tls = .require(caFile: caFile, verifyServerName: true)
        }
        return configuration
    }

    /// A server's own address and port, as the fixed list gives them.
    static func name(_ address: MySQLConfiguration.Address) -> String { "\(address)" }

    func checked() throws -> MySQLClusterConfiguration {
        func fail(_ message: String) -> MySQLError {
            MySQLError(code: .invalidConfiguration, message: "the cluster's configuration cannot be used: \(message)")
        }
        if case .servers(let list) = topology, list.isEmpty || list.count > RoutingState.mostServers {
            throw fail("\(list.count) servers; expected 1 to \(RoutingState.mostServers)")
        }
        guard !commitTable.isEmpty, commitTable.utf8.count <= 64,
            commitTable.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_") })
        else { throw fail("commitTable must be up to 64 letters, digits and _") }
        guard commitRetention >= writeHoldLimit * 10 else {
            throw fail("commitRetention must be at least ten times writeHoldLimit")
        }
        return self
    }
}

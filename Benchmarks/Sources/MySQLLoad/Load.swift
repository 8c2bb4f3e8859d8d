import Glibc
import Logging
import MySQLConnector
import TandemMySQL

/// The loop of the comparison of MySQL clients, on our own two libraries.
///
///     MySQLLoad HOST PORT WORKLOAD TASKS CONNECTIONS SECONDS
///
/// Prints one line of JSON, as every program in Clients/ does.
@main
struct Load {
    private static let rows = 1_000_000
    private static let logger = Logger(label: "load", factory: { _ in SwiftLogNoOpLogHandler() })

    let workload: String
    let tasks: Int
    let seconds: Double

    static func main() async throws {
        let arguments = CommandLine.arguments
        guard arguments.count == 7, let port = Int(arguments[2]), let tasks = Int(arguments[4]),
            let connections = Int(arguments[5]), let seconds = Double(arguments[6])
        else { fail("HOST PORT WORKLOAD TASKS CONNECTIONS SECONDS") }
        let load = Load(workload: arguments[3], tasks: tasks, seconds: seconds)
        let login = MySQLConfiguration(
            address: .tcp(host: arguments[1], port: port), username: "bench", password: "bench", database: "bench",
            tls: .disable)
        let pool = MySQLPoolOptions(minimumConnections: connections, maximumConnections: connections)
        if load.workload == "read" {
            try await load.runCluster(login, pool)
        } else {
            try await load.runClient(login, pool)
        }
    }

    private func runClient(_ login: MySQLConfiguration, _ pool: MySQLPoolOptions) async throws {
        let client = MySQLClient(configuration: login, options: pool, logger: Self.logger)
        let running = Task { try await client.run() }
        while client.statistics.idle < pool.maximumConnections { try await Task.sleep(for: .milliseconds(5)) }
        switch workload {
        case "stream": try await stream(client)
        case "select":
            try await measure { id in
                _ = try await client.query("SELECT id, v FROM point WHERE id = \(id)")[0].decode((Int, String).self)
            }
        case "insert":
            try await measure { _ in _ = try await client.query("INSERT INTO ins (v) VALUES (\("hello"))") }
        default: Self.fail("unknown workload \(workload)")
        }
        running.cancel()
        _ = try? await running.value
    }

    /// A cluster of one server, so that the server's part is the same as without.
    private func runCluster(_ login: MySQLConfiguration, _ pool: MySQLPoolOptions) async throws {
        var configuration = MySQLClusterConfiguration(topology: .servers([login.address]), writer: login, reader: login)
        configuration.readPool = pool
        let cluster = try MySQLCluster(configuration: configuration, logger: Self.logger)
        let running = Task { try await cluster.run() }
        while cluster.statistics.servers.values.first?.readPool?.idle ?? 0 < pool.maximumConnections {
            try await Task.sleep(for: .milliseconds(5))
        }
        try await measure { id in
            _ = try await cluster.read("SELECT id, v FROM point WHERE id = \(id)")[0].decode((Int, String).self)
        }
        running.cancel()
        _ = try? await running.value
    }

    private func stream(_ client: MySQLClient) async throws {
        let memory = Usage.peakMegabytes
        let cpu = Usage.cpuMicroseconds
        let start = ContinuousClock.now
        var count = 0
        var sum = 0
        for try await row in client.stream("SELECT id, v FROM point") {
            let (id, v) = try row.decode((Int, String).self)
            count += 1
            sum += id + v.utf8.count
        }
        guard count == Self.rows, sum > 0 else { Self.fail("not all rows came: \(count)") }
        report(count, ContinuousClock.now - start, Usage.cpuMicroseconds - cpu, [], Usage.peakMegabytes - memory)
    }

    /// All tasks do the same until the time is over.
    private func measure(_ operation: @escaping @Sendable (Int) async throws -> Void) async throws {
        let memory = Usage.peakMegabytes
        let cpu = Usage.cpuMicroseconds
        let start = ContinuousClock.now
        let deadline = start + .seconds(seconds)
        let latencies = try await withThrowingTaskGroup { group in
            for number in 0..<tasks { group.addTask { try await Self.work(number, until: deadline, operation) } }
            var all: [Duration] = []
            for try await some in group { all += some }
            return all
        }
        report(
            latencies.count, ContinuousClock.now - start, Usage.cpuMicroseconds - cpu, latencies,
            Usage.peakMegabytes - memory)
    }

    private static func work(
        _ number: Int, until deadline: ContinuousClock.Instant, _ operation: @Sendable (Int) async throws -> Void
    ) async throws -> [Duration] {
        var latencies: [Duration] = []
        latencies.reserveCapacity(1 << 16)
        var random = UInt64(number) * 7919 + 1
        var start = ContinuousClock.now
        while start < deadline {
            random = random &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            try await operation(Int(random >> 33) % 10_000 + 1)
            let end = ContinuousClock.now
            latencies.append(end - start)
            start = end
        }
        return latencies
    }

    private func report(
        _ operations: Int, _ wall: Duration, _ cpuMicroseconds: Double, _ latencies: [Duration], _ growth: Double
    ) {
        let sorted = latencies.sorted()
        let at = { (share: Double) in
            sorted.isEmpty ? 0 : sorted[Int(Double(sorted.count - 1) * share)] / .microseconds(1)
        }
        print(
            """
            {"perSecond": \(Double(operations) / (wall / .seconds(1))), "cpuMicroseconds": \
            \(cpuMicroseconds / Double(operations)), "p50Microseconds": \(at(0.5)), "p99Microseconds": \(at(0.99)), \
            "growthMegabytes": \(growth)}
            """)
    }

    private static func fail(_ what: String) -> Never {
        let line = "MySQLLoad: \(what)\n"
        _ = write(STDERR_FILENO, line, line.utf8.count)
        exit(1)
    }
}

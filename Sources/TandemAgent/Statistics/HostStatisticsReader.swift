import MySQLConnector
import NIOCore
import TandemBlueprint
import TandemServices
import TandemStack
import TandemTopology

/// Asks a host's services for their counters. What does not answer is left out.
struct HostStatisticsReader: Sendable {
    var host: Host
    var layout: Layout
    var services: [ServiceStatus]
    /// nil where the host has no database.
    var database: DatabaseEnvironment?

    func read() async -> HostStatistics {
        async let balancer = traffic(.haproxy, layout.haproxySocket)
        async let router = traffic(.router, layout.routerSocket)
        async let database = databaseCounters()
        return await HostStatistics(
            host: host.name, clockSeconds: Self.clockStart.duration(to: .now) / .seconds(1), processes: processes,
            balancer: balancer, router: router, database: database)
    }

    private static let clockStart = ContinuousClock.now

    private var processes: [ProcessUse] {
        let groups = ProcessUsage.byGroup()
        return services.compactMap { service in
            guard let pid = service.pid, let usage = groups[pid] else { return nil }
            return ProcessUse(
                service: service.name, cpuSeconds: usage.cpuSeconds, residentBytes: usage.residentBytes)
        }
    }

    private func isUp(_ name: ServiceName) -> Bool {
        services.contains { $0.name == name.rawValue && $0.pid != nil }
    }

    private func traffic(_ name: ServiceName, _ socket: String) async -> [TrafficCounters]? {
        guard isUp(name) else { return nil }
        return (try? await HAProxySocket.ask("show stat", at: socket, patience: .milliseconds(800))).map(
            HAProxyStatistics.parse)
    }

    /// A server that takes connections and says nothing is not to hold up the figures of all others, for which callers
    /// wait 2 s.
    private static let databasePatience = Duration.milliseconds(1200)

    private func databaseCounters() async -> DatabaseCounters? {
        guard let database, isUp(.mysql) else { return nil }
        let reading = Task { try? await database.withConnection(queryTimeout: .milliseconds(800), Self.counters) }
        return await reading.value(within: Self.databasePatience) ?? nil
    }

    @Sendable private static func counters(_ connection: MySQLConnection) async throws -> DatabaseCounters {
        let rows = try await connection.execute(
            "SHOW GLOBAL STATUS WHERE Variable_name IN ('Questions', 'Threads_connected')")
        var values: [String: Int] = [:]
        for row in rows {
            values[try row.decode("Variable_name", as: String.self)] = Int(try row.decode("Value", as: String.self))
        }
        let limit = try await connection.execute("SELECT @@max_connections AS max_connections").first
        return DatabaseCounters(
            statements: values["Questions"] ?? 0, connections: values["Threads_connected"] ?? 0,
            connectionsLimit: try limit?.decode("max_connections", as: Int.self))
    }
}

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

    private func databaseCounters() async -> DatabaseCounters? {
        guard let database, isUp(.mysql),
            let connection = try? await database.connect(queryTimeout: .milliseconds(800))
        else { return nil }
        let counters = try? await counters(connection)
        await connection.close()
        return counters
    }

    private func counters(_ connection: MySQLConnection) async throws -> DatabaseCounters {
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

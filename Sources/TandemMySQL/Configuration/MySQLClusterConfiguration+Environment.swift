#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif
import MySQLConnector

extension MySQLClusterConfiguration {
    /// Reads what a Tandem stack gives its app; works without Tandem too.
    ///
    /// - `DATABASE_URL`: user, password, database and CA for writes: see `MySQLConfiguration.init(url:)`.
    /// - `DATABASE_READ_URL`: the same for reads; left out, `DATABASE_URL` serves for both.
    /// - `TANDEM_TOPOLOGY_URL`: where the local agent says who is primary. The servers are then dialled directly, not
    ///   through the addresses of the two URLs, which lead to the database router. Left out, the list of servers is:
    /// - `DATABASE_SERVERS`: `ADDRESS:PORT,ADDRESS:PORT,…`; left out, the addresses of the two URLs.
    ///
    /// - Throws: ``MySQLError`` with ``MySQLError/Code/invalidConfiguration``; its message has a line for each variable
    ///   that is wrong, and no password.
    public init(environment: [String: String] = ProcessInfo.processInfo.environment) throws {
        var reader = EnvironmentReader(environment: environment)
        let writes = reader.database("DATABASE_URL", isNeeded: true)
        let reads = reader.database("DATABASE_READ_URL", isNeeded: false)
        let agent = reader.agent("TANDEM_TOPOLOGY_URL")
        let list = reader.servers("DATABASE_SERVERS")
        guard reader.problems.isEmpty, let writes else {
            throw MySQLError(code: .invalidConfiguration, message: reader.problems.joined(separator: "\n"))
        }
        let addresses = [writes.address, reads?.address].compactMap(\.self)
        self.init(
            topology: agent.map { .agent(url: $0) }
                ?? .servers(list ?? (addresses.count == 2 && addresses[0] == addresses[1] ? [addresses[0]] : addresses)),
            writer: writes, reader: reads)
    }
}

/// Reads variables, and collects what is wrong with them.
private struct EnvironmentReader {
    let environment: [String: String]
    var problems: [String] = []

    /// `nil` when it is missing or empty.
    private func text(_ name: String) -> String? { environment[name].flatMap { $0.isEmpty ? nil : $0 } }

    mutating func database(_ name: String, isNeeded: Bool) -> MySQLConfiguration? {
        guard let url = text(name) else {
            if isNeeded { problems.append("\(name) is not set; expected mysql://user:password@host:port/database") }
            return nil
        }
        do {
            return try MySQLConfiguration(url: url)
        } catch {
            problems.append("\(name): \((error as? MySQLError)?.message ?? "\(error)")")
            return nil
        }
    }

    mutating func agent(_ name: String) -> String? {
        guard let url = text(name) else { return nil }
        do {
            _ = try AgentURL(url)
            return url
        } catch {
            problems.append("\(name): \((error as? MySQLError)?.message ?? "\(error)")")
            return nil
        }
    }

    /// `127.0.0.1:3306,[::1]:3306,db.example` (port 3306).
    mutating func servers(_ name: String) -> [MySQLConfiguration.Address]? {
        guard let list = text(name) else { return nil }
        return list.split(separator: ",").compactMap { item in
            let place = item.filter { $0 != " " }
            guard let parts = URLComponents(string: "mysql://\(place)"), let host = parts.host, !host.isEmpty,
                parts.path.isEmpty, parts.user == nil
            else {
                problems.append("\(name): “\(place)” is not ADDRESS:PORT")
                return nil
            }
            let bare = host.hasPrefix("[") && host.hasSuffix("]") ? String(host.dropFirst().dropLast()) : host
            return .tcp(host: bare, port: parts.port ?? 3306)
        }
    }
}

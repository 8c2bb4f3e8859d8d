import Foundation
import Logging
import MySQLConnector

/// What the environment says.
struct Settings: Sendable {
    var host: String
    var port: Int
    /// The primary.
    var writes: MySQLConfiguration
    /// Primary and replicas; the user may only SELECT, and what it sees may be a moment old.
    var reads: MySQLConfiguration
    /// The host that this instance runs on.
    var hostName: String
    var readConnections: Int
    var writeConnections: Int
    var logLevel: Logger.Level

    /// All that is wrong with the environment.
    struct Problem: Error, CustomStringConvertible {
        var lines: [String]
        var description: String { lines.map { "conduit: \($0)" }.joined(separator: "\n") }
    }

    init(environment: [String: String] = ProcessInfo.processInfo.environment) throws(Problem) {
        var reader = Reader(environment: environment)
        host = environment["HOST"].flatMap { $0.isEmpty ? nil : $0 } ?? "127.0.0.1"
        port = reader.number("PORT", default: 3000, in: 1...65535)
        writes = reader.database("DATABASE_URL")
        reads = reader.database("DATABASE_READ_URL")
        hostName = environment["TANDEM_HOST"].flatMap { $0.isEmpty ? nil : $0 } ?? ProcessInfo.processInfo.hostName
        readConnections = reader.number("CONDUIT_READ_CONNECTIONS", default: 16, in: 1...256)
        writeConnections = reader.number("CONDUIT_WRITE_CONNECTIONS", default: 8, in: 1...256)
        logLevel = environment["LOG_LEVEL"].flatMap(Logger.Level.init(rawValue:)) ?? .info
        guard reader.problems.isEmpty else { throw Problem(lines: reader.problems) }
        // A read that hangs is better refused; a write may have to wait for the replica.
        reads.queryTimeout = .seconds(5)
        writes.queryTimeout = .seconds(30)
        reads.connectTimeout = .seconds(2)
        writes.connectTimeout = .seconds(2)
    }
}

/// Reads variables, and collects what is wrong with them.
private struct Reader {
    let environment: [String: String]
    var problems: [String] = []

    init(environment: [String: String]) { self.environment = environment }

    mutating func number(_ name: String, default standard: Int, in range: ClosedRange<Int>) -> Int {
        guard let text = environment[name], !text.isEmpty else { return standard }
        guard let number = Int(text), range.contains(number) else {
            problems.append("\(name)=\(text) is not a number in \(range.lowerBound)...\(range.upperBound)")
            return standard
        }
        return number
    }

    mutating func database(_ name: String) -> MySQLConfiguration {
        let nowhere = MySQLConfiguration(address: .unixSocket("/"), username: "", password: "")
        guard let url = environment[name], !url.isEmpty else {
            problems.append("\(name) is not set; expected mysql://user:password@host:port/database")
            return nowhere
        }
        do {
            return try MySQLConfiguration(url: url)
        } catch {
            problems.append("\(name): \((error as? MySQLError)?.message ?? "\(error)")")
            return nowhere
        }
    }
}

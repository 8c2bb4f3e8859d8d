import Foundation
import HummingbirdTandemMySQL
import Logging
import MySQLConnector
import TandemMySQL

/// What the environment says.
struct Settings: Sendable {
    var host: String
    var port: Int
    /// Primary and replicas.
    var database: MySQLClusterConfiguration
    /// What seals visitors' sessions.
    var sessionSigner: SessionTokenSigner
    /// Whether visitors come over HTTPS, as they do in a stack.
    var isBehindTLS: Bool
    /// The host that this instance runs on.
    var hostName: String
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
        var database = reader.database()
        hostName = environment["TANDEM_HOST"].flatMap { $0.isEmpty ? nil : $0 } ?? ProcessInfo.processInfo.hostName
        database.adapt(
            readConnections: reader.number("CONDUIT_READ_CONNECTIONS", default: 8, in: 1...256),
            writeConnections: reader.number("CONDUIT_WRITE_CONNECTIONS", default: 8, in: 1...256))
        self.database = database
        sessionSigner = reader.signer()
        isBehindTLS = environment["TANDEM_STACK"]?.isEmpty == false
        logLevel = environment["LOG_LEVEL"].flatMap(Logger.Level.init(rawValue:)) ?? .info
        guard reader.problems.isEmpty else { throw Problem(lines: reader.problems) }
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

    mutating func database() -> MySQLClusterConfiguration {
        do {
            return try MySQLClusterConfiguration(environment: environment)
        } catch {
            let text = (error as? MySQLError)?.message ?? "\(error)"
            problems += text.split(separator: "\n").map(String.init)
            let nowhere = MySQLConfiguration(address: .unixSocket("/"), username: "", password: "")
            return MySQLClusterConfiguration(topology: .servers([nowhere.address]), writer: nowhere)
        }
    }

    /// Without a key from outside, one of this process's own: sessions hold here, and until it ends.
    mutating func signer() -> SessionTokenSigner {
        do {
            if environment["TANDEM_SESSION_KEY"]?.isEmpty == false {
                return try SessionTokenSigner(environment: environment)
            }
        } catch {
            problems.append("TANDEM_SESSION_KEY: \(error)")
        }
        return SessionTokenSigner()
    }
}

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif
import MySQLConnector

/// `http://ADDRESS:PORT/PATH` of a local agent.
struct AgentURL: Sendable, Equatable {
    var host: String
    var port: Int
    var path: String

    init(_ text: String) throws {
        guard let parts = URLComponents(string: text), parts.scheme == "http", let host = parts.host, !host.isEmpty,
            let port = parts.port, (1...65535).contains(port), parts.query == nil
        else {
            throw MySQLError(
                code: .invalidConfiguration,
                message: "the agent's URL “\(text)” cannot be used; expected http://ADDRESS:PORT/topology")
        }
        self.host = host
        self.port = port
        path = parts.path.isEmpty ? "/" : parts.path
    }
}

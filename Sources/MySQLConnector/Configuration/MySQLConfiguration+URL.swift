#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

extension MySQLConfiguration {
    /// Reads `mysql://user:password@host:port/database?ssl-mode=VERIFY_CA&ssl-ca=/path`.
    ///
    /// User, password and database are percent-decoded. Parameters, named as MySQL's own clients name them:
    /// - `ssl-mode`: `DISABLED`, `REQUIRED`, `VERIFY_CA` or `VERIFY_IDENTITY`. Left out, it is `REQUIRED` over TCP
    ///   (`VERIFY_IDENTITY` with an `ssl-ca`) and `DISABLED` on a unix socket.
    /// - `ssl-ca`: PEM file of the authority; needed by, and only allowed with, the two `VERIFY` modes.
    /// - `socket`: path of a unix socket, used instead of host and port.
    ///
    /// - Throws: ``MySQLError`` with the code ``MySQLError/Code/invalidConfiguration``; it never repeats the password.
    public init(url: String) throws {
        guard let parts = URLComponents(string: url) else {
            throw Self.invalid("not a URL; expected mysql://user:password@host:port/database")
        }
        guard parts.scheme?.lowercased() == "mysql" else {
            throw Self.invalid("the scheme is \(parts.scheme.map { "“\($0)”" } ?? "missing"), expected “mysql”")
        }
        guard let username = parts.user, !username.isEmpty else { throw Self.invalid("the user name is missing") }
        guard parts.fragment == nil else { throw Self.invalid("“#” must be written as %23") }
        let parameters = try Self.parameters(parts.queryItems ?? [])
        let database = String(parts.path.drop { $0 == "/" })
        guard !database.contains("/") else {
            throw Self.invalid("the path must be one database name; “/” is written %2F")
        }

        let address: Address
        if let socket = parameters["socket"] {
            guard socket.hasPrefix("/") else { throw Self.invalid("socket=\(socket) must be an absolute path") }
            address = .unixSocket(socket)
        } else {
            guard let host = parts.host, !host.isEmpty else { throw Self.invalid("the host is missing") }
            let bare = host.hasPrefix("[") && host.hasSuffix("]") ? String(host.dropFirst().dropLast()) : host
            let port = parts.port ?? 3306
            guard (1...65535).contains(port) else { throw Self.invalid("the port \(port) is not in 1...65535") }
            address = .tcp(host: bare, port: port)
        }
        self.init(
            address: address, username: username, password: parts.password ?? "",
            database: database.isEmpty ? nil : database, tls: try Self.tls(parameters, address: address))
    }

    private static func parameters(_ items: [URLQueryItem]) throws -> [String: String] {
        var found: [String: String] = [:]
        for item in items {
            guard ["ssl-mode", "ssl-ca", "socket"].contains(item.name) else {
                throw invalid("unknown parameter “\(item.name)”; known are ssl-mode, ssl-ca and socket")
            }
            guard let value = item.value, !value.isEmpty else {
                throw invalid("the parameter “\(item.name)” has no value")
            }
            guard found.updateValue(value, forKey: item.name) == nil else {
                throw invalid("the parameter “\(item.name)” is given twice")
            }
        }
        return found
    }

    private static func tls(_ parameters: [String: String], address: Address) throws -> TLS {
        let ca = parameters["ssl-ca"]
        let mode: String
        if let named = parameters["ssl-mode"] {
            mode = named.uppercased()
        } else if case .unixSocket = address {
            mode = "DISABLED"
        } else {
            mode = ca == nil ? "REQUIRED" : "VERIFY_IDENTITY"
        }
        switch mode {
        case "DISABLED", "REQUIRED":
            guard ca == nil else {
                throw invalid("ssl-ca has no effect with ssl-mode=\(mode); use VERIFY_CA or VERIFY_IDENTITY")
            }
            return mode == "DISABLED" ? .disable : .require(caFile: nil, verifyServerName: false)
        case "VERIFY_CA", "VERIFY_IDENTITY":
            guard let ca else { throw invalid("ssl-mode=\(mode) needs ssl-ca=/path/to/ca.pem") }
            return .require(caFile: ca, verifyServerName: mode == "VERIFY_IDENTITY")
        default:
            throw invalid("ssl-mode=\(mode) is none of DISABLED, REQUIRED, VERIFY_CA, VERIFY_IDENTITY")
        }
    }

    private static func invalid(_ message: String) -> MySQLError {
        MySQLError(code: .invalidConfiguration, message: "the database URL cannot be used: \(message)")
    }
}

import MySQLConnector
import MySQLTestServer
import Testing

@Suite("Connecting")
struct ConnectTests {
    private func failure(_ change: (inout MySQLConfiguration) -> Void) async throws -> MySQLError {
        var configuration = try await SharedServer.configuration
        change(&configuration)
        let error = await #expect(throws: MySQLError.self) {
            _ = try await MySQLConnection.connect(configuration, logger: quietLogger)
        }
        return try #require(error)
    }

    @Test("a session says who it is, and speaks TLS and UTC")
    func identity() async throws {
        try await withConnection { connection async throws in
            let row = try #require(
                try await connection.query("SELECT CONNECTION_ID(), VERSION(), @@time_zone, @@character_set_connection")
                    .first)
            let (id, version, zone, charset) = try row.decode((UInt64, String, String, String).self)
            #expect(
                id == connection.connectionID && version == connection.serverVersion && zone == "+00:00"
                    && charset == "utf8mb4")
            let cipher = try await connection.execute("SHOW STATUS LIKE 'Ssl_cipher'")
            #expect(try cipher[0].decode("Value", as: String.self).isEmpty == false)
        }
    }

    @Test("a certificate of another authority is refused", arguments: [true, false])
    func wrongAuthority(verifyServerName: Bool) async throws {
        let other = try await SharedServer.server.otherCAFile
        let error = try await failure { $0.tls = .require(caFile: other, verifyServerName: verifyServerName) }
        #expect(error.code == .connectFailed && error.serverErrorNumber == 2026)
    }

    @Test("a certificate for another name is refused, unless only the authority counts")
    func wrongName() async throws {
        let server = try await SharedServer.server
        let unnamed = MySQLConfiguration.Address.tcp(host: server.unnamedAddress, port: server.port)
        let error = try await failure { $0.address = unnamed }
        #expect(error.code == .connectFailed && error.serverErrorNumber == 2026)
        try await withConnection {
            $0.address = unnamed
            $0.tls = .require(caFile: server.caFile, verifyServerName: false)
        } _: { connection async throws in
            let rows = try await connection.query("SELECT 1")
            #expect(rows.count == 1)
        }
    }

    @Test("an address where nobody listens is error 2002, and the message names it")
    func nobody() async throws {
        let error = try await failure { $0.address = .tcp(host: "127.61.1.1", port: 3999) }
        #expect(
            error.code == .connectFailed && [2002, 2003].contains(error.serverErrorNumber)
                && error.message.contains("127.61.1.1:3999"))
    }

    @Test("encryption without an authority is possible, and must be asked for")
    func unverified() async throws {
        try await withConnection {
            $0.tls = .require(caFile: nil, verifyServerName: false)
        } _: { connection async throws in
            let rows = try await connection.query("SELECT 1")
            #expect(rows.count == 1)
        }
    }

    @Test("a server that requires TLS refuses plain text")
    func plainText() async throws {
        let error = try await failure { $0.tls = .disable }
        #expect(error.code == .connectFailed && [3159, 1045].contains(error.serverErrorNumber))
    }

    @Test("a wrong password is error 1045 and appears nowhere")
    func wrongPassword() async throws {
        let error = try await failure { $0.password = "hunter2" }
        #expect(error.code == .connectFailed && error.serverErrorNumber == 1045 && error.sqlState == "28000")
        #expect(!String(reflecting: error).contains("hunter2"))
    }

    @Test("an unknown database is error 1044 or 1049")
    func unknownDatabase() async throws {
        let error = try await failure { $0.database = "nowhere" }
        #expect([1044, 1049].contains(error.serverErrorNumber))
    }

    @Test("a missing CA file is named")
    func missingAuthority() async throws {
        let error = try await failure { $0.tls = .require(caFile: "/no/such/ca.pem", verifyServerName: true) }
        #expect(error.code == .invalidConfiguration && error.message.contains("/no/such/ca.pem"))
    }

    @Test("a unix socket works too")
    func unixSocket() async throws {
        let path = try await SharedServer.server.socketPath
        try await withConnection {
            $0.address = .unixSocket(path)
            $0.tls = .disable
            $0.username = "root"
            $0.password = ""
        } _: { connection async throws in
            let rows = try await connection.query("SELECT 1")
            #expect(rows.count == 1)
        }
    }
}

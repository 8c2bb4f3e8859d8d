import Foundation
import MySQLTestServer
import Testing

@Suite("Exit", .timeLimit(.minutes(5)))
struct ExitTests {
    /// Without OpenSSL being told to leave its memory alone, about one in sixty ended by SIGSEGV. The long form, with
    /// TANDEM_TEST_EXITS=1000 or so, is for whoever changes it.
    @Test("a process may exit with connections in use, as often as it likes")
    func exits() async throws {
        let environment = ProcessInfo.processInfo.environment
        let programs = try #require(environment["TANDEM_TEST_PROGRAMS"], "the folder of the built programs")
        let server = try await SharedServer.server
        try server.sql("CREATE USER IF NOT EXISTS leaver IDENTIFIED BY 'l'")
        let url = "mysql://leaver:l@\(server.address):\(server.port)?ssl-ca=\(server.caFile)"
        for _ in 0..<(Int(environment["TANDEM_TEST_EXITS"] ?? "") ?? 60) {
            let process = Process()
            process.executableURL = URL(filePath: "\(programs)/ExitTrial")
            process.arguments = [url]
            try process.run()
            process.waitUntilExit()
            try #require(process.terminationReason == .exit && process.terminationStatus == 0)
        }
    }
}

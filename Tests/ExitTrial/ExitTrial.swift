import Foundation
import Logging
import MySQLConnector

/// Exits while four connections are in use: `ExitTrial URL`.
@main struct ExitTrial {
    static func main() async throws {
        let configuration = try MySQLConfiguration(url: CommandLine.arguments[1])
        let (beats, beat) = AsyncStream<Void>.makeStream()
        for _ in 0..<4 {
            Task.detached {
                while true {
                    let connection = try await MySQLConnection.connect(
                        configuration, logger: Logger(label: "trial", factory: { _ in SwiftLogNoOpLogHandler() }))
                    for _ in 0..<20 {
                        try await connection.execute("SELECT 1")
                        beat.yield()
                    }
                    await connection.close()
                }
            }
        }
        var count = 0
        for await _ in beats {
            count += 1
            if count == 60 { break }
        }
        exit(0)
    }
}

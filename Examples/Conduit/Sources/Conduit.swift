import Foundation
import Hummingbird
import Logging
import MySQLConnector
import NIOCore
import ServiceLifecycle
import TandemMySQL
import UnixSignals

/// The beginning of a RealWorld ("Conduit") back end: articles over JSON and as plain pages.
@main
enum Conduit {
    /// How long to wait for the database at the start.
    private static let databasePatience = Duration.seconds(30)

    /// Longer than the web server in front keeps idle connections (nginx: 60 s), or it would send requests into closed
    /// ones.
    private static let idleTimeout = TimeAmount.seconds(90)

    static func main() async {
        var logger = Logger(label: "conduit", factory: { StreamLogHandler.standardError(label: $0) })
        if let argument = CommandLine.arguments.dropFirst().first {
            complain("conduit: it takes no arguments, and was given '\(argument)'; its settings are in its environment")
            exit(2)
        }
        let settings: Settings
        do throws(Settings.Problem) {
            settings = try Settings()
        } catch {
            complain(error.description)
            exit(2)
        }
        logger.logLevel = settings.logLevel
        do {
            try await run(settings, logger)
        } catch {
            complain("conduit: \(error)")
            exit(1)
        }
    }

    private static func run(_ settings: Settings, _ logger: Logger) async throws {
        try await Schema.prepare(settings.database.writer, patience: databasePatience, logger: logger)
        let database = try MySQLCluster(configuration: settings.database, logger: logger)
        let app = Application(
            router: makeRouter(settings, database: database),
            server: .http1(configuration: .init(idleTimeout: idleTimeout)),
            configuration: ApplicationConfiguration(
                address: .hostname(settings.host, port: settings.port), backlog: 1024),
            logger: logger)
        // Stopped in the opposite order: the database connections go when the last answer is out.
        let group = ServiceGroup(
            configuration: ServiceGroupConfiguration(
                services: ([database, app] as [any Service]).map { .init(service: $0) },
                gracefulShutdownSignals: [.sigterm, .sigint], logger: logger))
        try await group.run()
    }

    private static func complain(_ text: String) {
        try? FileHandle.standardError.write(contentsOf: Data((text + "\n").utf8))
    }
}

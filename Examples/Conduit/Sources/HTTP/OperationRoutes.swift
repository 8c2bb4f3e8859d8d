import Hummingbird
import Logging
import MySQLConnector
import TandemMySQL

/// What balancers and monitoring ask.
struct OperationRoutes {
    let database: MySQLCluster
    let metrics: Metrics

    func add(to router: Router<Context>) {
        router.get("health", use: health)
        router.get("metrics", use: showMetrics)
    }

    /// Reads are what this host needs to be of use; while writes are away, pages are still served.
    @Sendable private func health(_ request: Request, _ context: Context) async throws -> Response {
        do {
            _ = try await database.read("SELECT 1")
            return .text("ok\n")
        } catch {
            context.logger.warning("The health check failed", metadata: ["error": "\(error)"])
            return .text("the database cannot be read\n", status: .serviceUnavailable)
        }
    }

    @Sendable private func showMetrics(_ request: Request, _ context: Context) async throws -> Response {
        .text(
            metrics.exposition + DatabaseMetrics(database.statistics).exposition,
            type: "text/plain; version=0.0.4; charset=utf-8")
    }
}

import HTTPTypes
import Hummingbird
import MySQLConnector

typealias Context = BasicRequestContext

/// Everything that the application answers.
func makeRouter(_ settings: Settings, database: Database) -> Router<Context> {
    let metrics = Metrics()
    let router = Router(context: Context.self, options: .autoGenerateHeadEndpoints)
    // The outermost first: what fails inside is counted, and answered in the right shape, and named after this host.
    router.add(middleware: ServedByMiddleware(hostName: settings.hostName))
    router.add(middleware: MetricsMiddleware(metrics: metrics))
    router.add(middleware: FailureMiddleware())
    ArticleRoutes(database: database).add(to: router.group("api"))
    PageRoutes(settings: settings, database: database).add(to: router)
    OperationRoutes(database: database, metrics: metrics).add(to: router)
    return router
}

/// Says which host answered.
struct ServedByMiddleware: RouterMiddleware {
    let hostName: String

    func handle(_ request: Request, context: Context, next: (Request, Context) async throws -> Response) async throws
        -> Response
    {
        var response = try await next(request, context)
        response.headers[.servedBy] = hostName
        return response
    }
}

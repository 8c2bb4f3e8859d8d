import HTTPTypes
import Hummingbird
import HummingbirdTandemMySQL
import MySQLConnector
import TandemMySQL

typealias Context = BasicRequestContext

/// Everything that the application answers.
func makeRouter(_ settings: Settings, database: MySQLCluster) -> Router<Context> {
    let metrics = Metrics()
    let router = Router(context: Context.self, options: .autoGenerateHeadEndpoints)
    // The outermost first: what fails inside is counted, and answered in the right shape, and named after this host.
    router.add(middleware: ServedByMiddleware(hostName: settings.hostName))
    router.add(middleware: MetricsMiddleware(metrics: metrics))
    router.add(
        middleware: MySQLSessionMiddleware(signer: settings.sessionSigner, isSecure: settings.isBehindTLS))
    router.add(middleware: ReadFromMiddleware())
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

/// Says which database server the last read came from.
struct ReadFromMiddleware: RouterMiddleware {
    func handle(_ request: Request, context: Context, next: (Request, Context) async throws -> Response) async throws
        -> Response
    {
        var response = try await next(request, context)
        if let server = MySQLSession.current?.lastReadServer { response.headers[.readFrom] = server }
        return response
    }
}

import HTTPTypes
import Hummingbird
import MySQLConnector
import TandemMySQL

/// The pages for people.
struct PageRoutes {
    /// Three bytes for one, when a form is encoded.
    private static let requestLimitBytes = 256 << 10
    private static let lastPage = 100_000

    let settings: Settings
    let database: MySQLCluster

    func add(to router: Router<Context>) {
        router.get("/", use: list)
        router.get("articles/:slug", use: show)
        router.post("articles", use: create)
    }

    @Sendable private func list(_ request: Request, _ context: Context) async throws -> Response {
        var page = try await listing(request)
        if let slug = request.uri.queryParameters["posted"].map(String.init) {
            // Whichever server answers: in this visitor's session it has the article.
            page.posted = try? await database.read {
                try await ArticleStore(connection: $0).article(slug: slug)
            }
        }
        return .page(page.html)
    }

    @Sendable private func show(_ request: Request, _ context: Context) async throws -> Response {
        let slug = try context.parameters.require("slug")
        let found = try await database.read { connection in
            (try await ArticleStore(connection: connection).article(slug: slug), try await connection.serverName())
        }
        guard let article = found.0 else { throw HTTPError(.notFound, message: "There is no such article.") }
        return .page(ArticleView(path: path(request, database: found.1), article: article).html)
    }

    @Sendable private func create(_ request: Request, _ context: Context) async throws -> Response {
        let bytes = try await request.body.collect(upTo: Self.requestLimitBytes)
        var form: ArticleForm
        do {
            form = try URLEncodedFormDecoder().decode(ArticleForm.self, from: String(buffer: bytes))
        } catch {
            throw HTTPError(.badRequest, message: "The form could not be read.")
        }
        do {
            let article = try await ArticleStore.publish(try form.draft(), in: database)
            return Response(status: .seeOther, headers: [.location: "/?posted=\(article.slug)"])
        } catch let failure as ValidationFailure {
            var page = try await listing(request)
            form.problems = failure.problems
            page.form = form
            return .page(page.html, status: .unprocessableContent)
        }
    }

    private func listing(_ request: Request) async throws -> ListPage {
        let parameters = request.uri.queryParameters
        let tag = parameters["tag"].map(String.init).flatMap { $0.isEmpty ? nil : $0 }
        let number = min(max(parameters["page"].flatMap { Int($0) } ?? 1, 1), Self.lastPage)
        let filter = ArticleFilter(tag: tag, limit: ListPage.pageSize, offset: (number - 1) * ListPage.pageSize)
        return try await database.read { connection in
            let store = ArticleStore(connection: connection)
            return ListPage(
                path: path(request, database: try await connection.serverName()), listing: try await store.page(filter),
                tags: try await store.tags(), tag: tag, page: number)
        }
    }

    private func path(_ request: Request, database: String) -> RequestPath {
        RequestPath(request, app: settings.hostName, database: database)
    }
}

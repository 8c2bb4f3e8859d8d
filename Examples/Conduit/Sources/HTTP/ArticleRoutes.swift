import Foundation
import HTTPTypes
import Hummingbird
import MySQLConnector
import TandemMySQL

/// The JSON interface, as RealWorld specifies it.
struct ArticleRoutes {
    private struct Input: Decodable {
        struct Fields: Decodable {
            var title: String?
            var description: String?
            var body: String?
            var tagList: [String]?
        }

        var article: Fields
    }

    /// JSON may take six bytes for one of the body's.
    private static let requestLimitBytes = 512 << 10
    private static let defaultLimit = 20

    let database: MySQLCluster

    func add(to api: RouterGroup<Context>) {
        api.get("articles", use: list)
        api.post("articles", use: create)
        api.get("articles/:slug", use: show)
        api.get("tags", use: tags)
    }

    @Sendable private func list(_ request: Request, _ context: Context) async throws -> Response {
        let parameters = request.uri.queryParameters
        let filter = ArticleFilter(
            tag: parameters["tag"].map(String.init),
            limit: try number(parameters, "limit", default: Self.defaultLimit, maximum: ArticleFilter.maximumLimit),
            offset: try number(parameters, "offset", default: 0, maximum: 1_000_000))
        let page = try await database.read { try await ArticleStore(connection: $0).page(filter) }
        let bytes = page.articles.reduce(64) { $0 + $1.body.utf8.count + 1024 }
        return .json(expecting: bytes) { $0.page(page) }
    }

    @Sendable private func show(_ request: Request, _ context: Context) async throws -> Response {
        let slug = try context.parameters.require("slug")
        guard let article = try await ArticleStore.article(slug: slug, in: database) else {
            throw HTTPError(.notFound, message: "there is no such article")
        }
        return .json(expecting: article.body.utf8.count + 1024) { $0.single(article) }
    }

    @Sendable private func create(_ request: Request, _ context: Context) async throws -> Response {
        let bytes = try await request.body.collect(upTo: Self.requestLimitBytes)
        let fields: Input.Fields
        do {
            fields = try JSONDecoder().decode(Input.self, from: Data(bytes.readableBytesView)).article
        } catch {
            throw ValidationFailure(problems: [
                "article": [#"is not as expected: {"article": {"title", "description", "body", "tagList"}}"#]
            ])
        }
        let draft = try Draft(
            title: fields.title, description: fields.description, body: fields.body, tags: fields.tagList)
        let article = try await ArticleStore.publish(draft, in: database)
        return .json(status: .created, expecting: article.body.utf8.count + 1024) { $0.single(article) }
    }

    @Sendable private func tags(_ request: Request, _ context: Context) async throws -> Response {
        let tags = try await ArticleStore.tags(in: database)
        return .json(expecting: 4096) { $0.tags(tags) }
    }

    /// What is over the maximum is the maximum; what is no number is an error.
    private func number(
        _ parameters: Parameters, _ name: String, default standard: Int, maximum: Int
    ) throws -> Int {
        guard let text = parameters[Substring(name)] else { return standard }
        guard let number = Int(text), number >= 0 else {
            throw ValidationFailure(problems: [name: ["must be a number, 0 or more"]])
        }
        return min(number, maximum)
    }
}

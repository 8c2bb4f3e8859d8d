import MySQLConnector
import TandemMySQL

/// The statements about articles. Each runs on a connection that the caller chose: reads anywhere, writes on the
/// primary.
struct ArticleStore: Sendable {
    /// The author of everything, until there are users.
    static let anonymous = "anonymous"
    private static let columns = "a.slug, a.title, a.description, a.body, a.tags, a.author, a.created_at, a.updated_at"
    private static let duplicateKey = 1062
    private static let tagLimit = 100

    let connection: MySQLConnection

    func page(_ filter: ArticleFilter) async throws -> ArticlePage {
        let rows: MySQLResult
        let count: MySQLResult
        if let tag = filter.tag {
            rows = try await connection.query(
                """
                SELECT \(unescaped: Self.columns) FROM article_tag t JOIN article a ON a.id = t.article_id
                WHERE t.tag = \(tag) ORDER BY t.article_id DESC LIMIT \(filter.limit) OFFSET \(filter.offset)
                """)
            count = try await connection.query("SELECT COUNT(*) FROM article_tag WHERE tag = \(tag)")
        } else {
            rows = try await connection.query(
                "SELECT \(unescaped: Self.columns) FROM article a ORDER BY a.id DESC LIMIT \(filter.limit) OFFSET \(filter.offset)"
            )
            count = try await connection.query("SELECT COUNT(*) FROM article")
        }
        return ArticlePage(articles: try rows.map(Self.article), total: try count[0].decode((Int).self))
    }

    func article(slug: String) async throws -> Article? {
        try await connection.query(Self.bySlug(slug)).first.map(Self.article)
    }

    func tags() async throws -> [String] { try await connection.query(Self.tags).map(Self.tag) }

    private static func bySlug(_ slug: String) -> MySQLQuery {
        "SELECT \(unescaped: columns) FROM article a WHERE a.slug = \(slug)"
    }

    /// The most used first.
    private static let tags: MySQLQuery =
        "SELECT tag FROM article_tag GROUP BY tag ORDER BY COUNT(*) DESC, tag LIMIT \(tagLimit)"

    private static func tag(_ row: MySQLRow) throws -> String { try row.decode((String).self) }

    private static func article(_ row: MySQLRow) throws -> Article {
        let (slug, title, description, body, tags, author, created, updated) = try row.decode(
            (String, String, String, String, String, String, MySQLDateTime, MySQLDateTime).self)
        return Article(
            slug: slug, title: title, description: description, body: body,
            tags: tags.split(separator: "\n").map(String.init), author: author,
            createdAt: created, updatedAt: updated)
    }
}

/// Reads of one statement need no connection lent to them.
extension ArticleStore {
    static func article(slug: String, in database: MySQLCluster) async throws -> Article? {
        try await database.read(bySlug(slug)).first.map(article)
    }

    static func tags(in database: MySQLCluster) async throws -> [String] {
        try await database.read(tags).map(tag)
    }
}

extension ArticleStore {
    /// Stores an article under a slug of its own, and reads it back on the same connection.
    static func publish(_ draft: Draft, in database: MySQLCluster) async throws -> Article {
        let plain = Slug.make(from: draft.title)
        var slug = plain
        for _ in 0..<5 {
            do {
                return try await publish(draft, slug: slug, in: database)
            } catch let error as MySQLError where error.serverErrorNumber == duplicateKey {
                slug = Slug.distinct(plain)
            }
        }
        return try await publish(draft, slug: slug, in: database)
    }

    private static func publish(_ draft: Draft, slug: String, in database: MySQLCluster) async throws -> Article {
        let tags = draft.tags.joined(separator: "\n")
        // A visitor whose answer is lost posts again: better to know.
        return try await database.write(exactlyOnce: true) { connection in
            let inserted = try await connection.query(
                """
                INSERT INTO article (slug, title, description, body, tags, author, created_at, updated_at)
                VALUES (\(slug), \(draft.title), \(draft.description), \(draft.body), \(tags), \(anonymous), NOW(6), NOW(6))
                """)
            for tag in draft.tags {
                _ = try await connection.query(
                    "INSERT INTO article_tag (article_id, tag) VALUES (\(inserted.lastInsertID), \(tag))")
            }
            guard let article = try await ArticleStore(connection: connection).article(slug: slug) else {
                throw MySQLError(code: .server, message: "the article “\(slug)” was inserted and is not there")
            }
            return article
        }.value
    }
}

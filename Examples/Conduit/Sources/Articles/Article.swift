import MySQLConnector

/// An article as it is stored.
struct Article: Sendable, Equatable {
    var slug: String
    var title: String
    var description: String
    var body: String
    var tags: [String]
    var author: String
    /// UTC.
    var createdAt: MySQLDateTime
    var updatedAt: MySQLDateTime
}

/// Some of the articles, newest first, and how many there are in all.
struct ArticlePage: Sendable {
    var articles: [Article]
    var total: Int
}

/// Which articles are asked for.
struct ArticleFilter: Sendable {
    static let maximumLimit = 100

    var tag: String?
    var limit: Int
    var offset: Int
}

import Foundation
import MySQLConnector

/// The shapes of the RealWorld specification.
struct ArticleResponse: Encodable {
    var article: ArticleJSON
}

struct ArticlesResponse: Encodable {
    var articles: [ArticleJSON]
    var articlesCount: Int
}

struct TagsResponse: Encodable {
    var tags: [String]
}

struct ArticleJSON: Encodable {
    struct Author: Encodable {
        var username: String
        var bio: String?
        var image: String?
        var following = false

        func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encode(username, forKey: .username)
            // The specification wants null, not a missing key.
            try container.encode(bio, forKey: .bio)
            try container.encode(image, forKey: .image)
            try container.encode(following, forKey: .following)
        }

        private enum CodingKeys: CodingKey { case username, bio, image, following }
    }

    var slug: String
    var title: String
    var description: String
    var body: String
    var tagList: [String]
    var createdAt: String
    var updatedAt: String
    var favorited = false
    var favoritesCount = 0
    var author: Author

    init(_ article: Article) {
        slug = article.slug
        title = article.title
        description = article.description
        body = article.body
        tagList = article.tags
        createdAt = article.createdAt.iso8601
        updatedAt = article.updatedAt.iso8601
        author = Author(username: article.author)
    }
}

extension MySQLDateTime {
    /// `2026-01-31T23:59:59.123Z`: to the millisecond, as JavaScript writes dates.
    var iso8601: String {
        func digits(_ number: Int, _ width: Int) -> String {
            let text = String(number)
            return String(repeating: "0", count: width - text.count) + text
        }
        let clock = "\(digits(Int(hour), 2)):\(digits(Int(minute), 2)):\(digits(Int(second), 2))"
        return "\(date)T\(clock).\(digits(Int(microsecond / 1000), 3))Z"
    }
}

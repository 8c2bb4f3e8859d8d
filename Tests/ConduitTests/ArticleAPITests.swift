import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Testing

@testable import Conduit

@Suite("Articles over JSON")
struct ArticleAPITests {
    @Test("a new article is answered with 201 in RealWorld's shape, and can be read")
    func create() async throws {
        try await withConduit { client async throws in
            let response = try await client.postJSON(
                "/api/articles",
                #"{"article":{"title":"How to train your dragon","description":"Ever wonder how?","body":"You have to believe","tagList":["dragons","training"]}}"#
            )
            #expect(response.status == .created)
            let article = try #require(try response.object()["article"] as? [String: Any])
            let keys = [
                "slug", "title", "description", "body", "tagList", "createdAt", "updatedAt", "favorited",
                "favoritesCount", "author",
            ]
            #expect(Set(article.keys) == Set(keys))
            #expect(article["slug"] as? String == "how-to-train-your-dragon")
            #expect(article["tagList"] as? [String] == ["dragons", "training"])
            #expect(article["favorited"] as? Bool == false && article["favoritesCount"] as? Int == 0)
            let author = try #require(article["author"] as? [String: Any])
            #expect(Set(author.keys) == ["username", "bio", "image", "following"])
            let created = try #require(article["createdAt"] as? String)
            #expect(created.wholeMatch(of: /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/) != nil)
            let shown = try await client.get("/api/articles/how-to-train-your-dragon")
            #expect(shown.status == .ok)
            #expect(try NSDictionary(dictionary: shown.object()) == NSDictionary(dictionary: response.object()))
            #expect(shown.headers[.contentType] == "application/json; charset=utf-8")
        }
    }

    @Test("the newest come first, and limit, offset and tag choose")
    func list() async throws {
        try await withConduit { client async throws in
            for number in 1...25 {
                try await client.publish("Number \(number)", tags: number % 2 == 0 ? ["even", "all"] : ["all"])
            }
            func titles(_ query: String) async throws -> ([String], Int?) {
                let object = try await client.get("/api/articles\(query)").object()
                let articles = object["articles"] as? [[String: Any]] ?? []
                return (articles.compactMap { $0["title"] as? String }, object["articlesCount"] as? Int)
            }
            let standard = try await titles("")
            #expect(standard.0.count == 20 && standard.0.first == "Number 25" && standard.1 == 25)
            let second = try await titles("?limit=2&offset=20")
            #expect(second == (["Number 5", "Number 4"], 25))
            let tagged = try await titles("?tag=even&limit=1&offset=1")
            #expect(tagged == (["Number 22"], 12))
            let beyond = try await titles("?offset=1000")
            #expect(beyond == ([], 25))
            let unknown = try await titles("?tag=none")
            #expect(unknown == ([], 0))
            let tags = try await client.get("/api/tags").object()["tags"] as? [String]
            #expect(tags == ["all", "even"])
        }
    }

    @Test("at most 100 are listed at a time, and what is no number is refused")
    func bounds() async throws {
        try await withConduit { client async throws in
            for number in 1...101 { try await client.publish("\(number)") }
            let most = try await client.get("/api/articles?limit=1000000").object()["articles"] as? [Any]
            #expect(most?.count == 100)
            for query in ["limit=x", "offset=-1", "limit="] {
                let response = try await client.get("/api/articles?\(query)")
                #expect(response.status == .unprocessableContent)
                #expect(try response.errors().keys.first == query.split(separator: "=").first.map(String.init))
            }
        }
    }

    @Test(
        "what is missing or too long is named, in RealWorld's shape",
        arguments: [
            (
                #"{"article":{}}"#,
                ["title": ["can't be blank"], "description": ["can't be blank"], "body": ["can't be blank"]]
            ),
            (#"{"article":{"title":" ","description":"d","body":"b"}}"#, ["title": ["can't be blank"]]),
            (
                #"{"article":{"title":"\#(String(repeating: "é", count: 256))","description":"d","body":"b"}}"#,
                ["title": ["is too long (maximum is 255 characters)"]]
            ),
            (
                #"{"article":{"title":"t","description":"d","body":"\#(String(repeating: "b", count: 65_537))"}}"#,
                ["body": ["is too long (maximum is 64 KB)"]]
            ),
            (
                #"{"article":{"title":"t","description":"d","body":"b","tagList":["a\nb"]}}"#,
                ["tagList": ["has a tag with a line break"]]
            ),
            (
                #"{"article":{"title":"t","description":"d","body":"b","tagList":["\#(String(repeating: "x", count: 51))"]}}"#,
                ["tagList": ["has a tag that is too long (maximum is 50 characters)"]]
            ),
        ])
    func validation(json: String, errors: [String: [String]]) async throws {
        try await withConduit { client async throws in
            let response = try await client.postJSON("/api/articles", json)
            #expect(response.status == .unprocessableContent)
            #expect(try response.errors() == errors)
        }
    }

    @Test("the largest that is allowed is stored as it is")
    func largest() async throws {
        try await withConduit { client async throws in
            let body = String(repeating: "🐬", count: 16_384)
            let slug = try await client.publish(String(repeating: "é", count: 255), body: body)
            let article = try await client.get("/api/articles/\(slug)").object()["article"] as? [String: Any]
            #expect(article?["body"] as? String == body)
        }
    }

    @Test(
        "what is no JSON, or JSON of another shape, is 422; what is far too large is 413",
        arguments: ["", "{", "[]", #"{"article":{"title":1}}"#])
    func malformed(json: String) async throws {
        try await withConduit { client async throws in
            let response = try await client.postJSON("/api/articles", json)
            #expect(response.status == .unprocessableContent)
            #expect(try response.errors()["article"] != nil)
            let large = try await client.postJSON("/api/articles", String(repeating: " ", count: 600_000))
            #expect(large.status == .contentTooLarge)
            #expect(try large.errors()["message"] != nil)
        }
    }

    @Test("equal titles get different slugs, also at the same time")
    func slugs() async throws {
        try await withConduit { client async throws in
            let slugs = try await withThrowingTaskGroup(of: String.self) { group in
                for _ in 0..<10 { group.addTask { try await client.publish("The same") } }
                return try await group.reduce(into: Set<String>()) { $0.insert($1) }
            }
            #expect(slugs.count == 10 && slugs.contains("the-same") && slugs.allSatisfy { $0.hasPrefix("the-same") })
        }
    }

    @Test(
        "slugs are made of letters, digits and hyphens",
        arguments: [
            ("Crème brûlée, 2 ways!", "creme-brulee-2-ways"), ("  --  ", "article"), ("日本語", "article"),
            ("It's Swift's", "its-swifts"),
            ("a/b?c=d&e", "a-b-c-d-e"), (String(repeating: "x", count: 255), String(repeating: "x", count: 200)),
        ])
    func slugText(title: String, slug: String) { #expect(Slug.make(from: title) == slug) }

    @Test(
        "hostile text is stored and found as text",
        arguments: [
            "'; DROP TABLE article; --", "\\' OR 1=1 #", "<script>alert(1)</script>", "%00", "{{x}}",
            "\u{1}\u{8}\t\"\\ 🐬",
        ])
    func injection(text: String) async throws {
        try await withConduit { client async throws in
            try await client.publish("Innocent")
            let slug = try await client.publish(text, tags: [text])
            let article = try await client.get("/api/articles/\(slug)").object()["article"] as? [String: Any]
            #expect(article?["title"] as? String == text)
            let found =
                try await client.get("/api/articles?tag=\(TagList.encoded(text))").object()["articlesCount"] as? Int
            #expect(found == 1)
            let none = try await client.get("/api/articles/\(TagList.encoded("' OR '1'='1"))")
            #expect(none.status == .notFound)
        }
    }

    @Test(
        "what is not there is 404 in RealWorld's shape, and says who answered",
        arguments: ["/api/articles/nothing", "/api/nowhere", "/api"])
    func notFound(path: String) async throws {
        try await withConduit { client async throws in
            let response = try await client.get(path)
            #expect(response.status == .notFound)
            #expect(try response.errors()["message"]?.isEmpty == false)
            #expect(response.headers[.servedBy] == "server1")
        }
    }
}

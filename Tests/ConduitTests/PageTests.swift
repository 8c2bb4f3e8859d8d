import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import MySQLConnector
import Testing

@testable import Conduit

@Suite("Pages")
struct PageTests {
    @Test("the front page names the machines that it came through")
    func machines() async throws {
        try await withConduit { client async throws in
            let page = try await client.get("/", headers: [.balancer: "lb1", .web: "server2"])
            #expect(page.status == .ok && page.headers[.contentType] == "text/html; charset=utf-8")
            #expect(page.headers[.servedBy] == "server1")
            for station in [
                "Balancer</small><strong>lb1", "Web server</small><strong>server2", "App server</small><strong>server1",
                "Database</small><strong>mysql.test",
            ] { #expect(page.text.contains(station)) }
            let long = String(repeating: "x", count: 1000)
            let cut = try await client.get("/", headers: [.balancer: long, .web: long])
            let name = String(repeating: "x", count: 64)
            for station in ["Balancer", "Web server"] {
                #expect(cut.text.contains("\(station)</small><strong>\(name)</strong>"))
            }
            let direct = try await client.get("/")
            #expect(direct.text.contains(#"Balancer</small><strong class="none">not used"#))
        }
    }

    @Test("what visitors and machines send is escaped everywhere")
    func escaping() async throws {
        try await withConduit { client async throws in
            let evil = #"<script>"&'</script>"#
            let slug = try await client.publish(evil, body: evil, tags: [evil])
            for path in [
                "/", "/articles/\(slug)", "/?tag=\(TagList.encoded(evil))", "/?posted=\(slug)", "/?posted=%3Cscript%3E",
                "/?tag=%3Cscript%3E",
            ] {
                let page = try await client.get(path, headers: [.balancer: evil])
                #expect(page.status == .ok)
                #expect(!page.text.contains("<script>"), "\(path)")
            }
            let front = try await client.get("/").text
            #expect(front.contains("&lt;script&gt;&quot;&amp;&#39;&lt;/script&gt;"))
            #expect(front.contains("/?tag=%3Cscript%3E%22%26%27%3C%2Fscript%3E"))
        }
    }

    @Test("a page may load and run nothing")
    func policy() async throws {
        try await withConduit { client async throws in
            let policy = try await client.get("/").headers[.contentSecurityPolicy]
            #expect(policy?.hasPrefix("default-src 'none'") == true)
        }
    }

    @Test("the form publishes and leads back to the front page, which shows the article")
    func publish() async throws {
        try await withConduit { client async throws in
            let answer = try await client.postForm(
                "/articles", "title=Caf%C3%A9+%26+tea&description=d&body=one%0D%0Atwo&tags=a%2C+b%2C%2Ca")
            #expect(answer.status == .seeOther && answer.headers[.location] == "/?posted=cafe-tea")
            let front = try await client.get("/?posted=cafe-tea").text
            #expect(front.contains("Published:") && front.contains("Café &amp; tea"))
            let article = try await client.get("/articles/cafe-tea").text
            #expect(article.contains("one\ntwo"))
            let shown = try await client.get("/api/articles/cafe-tea").object()["article"] as? [String: Any]
            #expect(shown?["tagList"] as? [String] == ["a", "b"])
        }
    }

    @Test("an article that the replica does not have yet is shown from the primary, once")
    func postedAndLagging() {
        let article = Article(
            slug: "new", title: "New", description: "", body: "", tags: [], author: "a",
            createdAt: MySQLDateTime(date: MySQLDate(year: 2026, month: 1, day: 1)),
            updatedAt: MySQLDateTime(date: MySQLDate(year: 2026, month: 1, day: 1)))
        let request = Request(
            head: HTTPRequest(method: .get, scheme: nil, authority: nil, path: "/"), body: .init(buffer: .init()))
        func cards(_ listed: [Article]) -> Int {
            let page = ListPage(
                path: RequestPath(request, app: "a", database: nil),
                listing: ArticlePage(articles: listed, total: listed.count), tags: [],
                page: 1, posted: article)
            return page.html.description.components(separatedBy: "<article").count - 1
        }
        #expect(cards([]) == 1)
        #expect(cards([article]) == 1)
    }

    @Test("a form with faults comes back with what was typed, and what is wrong with it")
    func faults() async throws {
        try await withConduit { client async throws in
            let page = try await client.postForm("/articles", "title=&description=%3Cb%3E&body=kept+text&tags=")
            #expect(page.status == .unprocessableContent)
            #expect(page.text.contains("can&#39;t be blank") && page.text.contains("aria-invalid=\"true\""))
            #expect(page.text.contains("value=\"&lt;b&gt;\"") && page.text.contains("kept text</textarea>"))
            let list = try await client.get("/api/articles").object()["articlesCount"] as? Int
            #expect(list == 0)
        }
    }

    @Test("pages of ten lead to one another, and keep the tag")
    func paging() async throws {
        try await withConduit { client async throws in
            for number in 1...21 { try await client.publish("Number \(number)", tags: ["c++"]) }
            let first = try await client.get("/").text
            #expect(first.contains("Page 1 of 3") && first.contains("href=\"/?page=2\"") && !first.contains("Newer"))
            let last = try await client.get("/?page=3&tag=c%2B%2B").text
            #expect(
                last.contains("Number 1<") && !last.contains("Older")
                    && last.contains("href=\"/?page=2&amp;tag=c%2B%2B\""))
            for odd in ["0", "-1", "x", "999999999999999999999"] {
                let page = try await client.get("/?page=\(odd)")
                #expect(page.status == .ok)
            }
        }
    }

    @Test("what is not there is a page with 404", arguments: ["/articles/nothing", "/nowhere"])
    func notFound(path: String) async throws {
        try await withConduit { client async throws in
            let page = try await client.get(path)
            #expect(page.status == .notFound && page.text.contains("<h1>404 Not Found</h1>"))
        }
    }
}

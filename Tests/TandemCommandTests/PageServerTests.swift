import Foundation
import Synchronization
import Testing

@testable import TandemOperator
@testable import tandem

@Suite("The live page's server")
struct PageServerTests {
    /// Runs a server on a port of its own while the closure runs.
    private func run(_ body: (_ link: String, _ feed: PageFeed) async throws -> Void) async throws {
        let feed = PageFeed()
        let (links, continuation) = AsyncStream.makeStream(of: String.self)
        let server = PageServer(listen: { feed.listen() }, port: 0) { continuation.yield($0) }
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await server.run() }
            var link = links.makeAsyncIterator()
            let first = try #require(await link.next())
            do {
                try await body(first, feed)
            } catch {
                feed.end()
                group.cancelAll()
                throw error
            }
            feed.end()
            group.cancelAll()
        }
    }

    private struct Answer {
        var status: Int
        var head: String
        var body: String
        var cookie: String? {
            head.split(separator: "\r\n").first { $0.lowercased().hasPrefix("set-cookie: ") }
                .flatMap { $0.dropFirst("set-cookie: ".count).split(separator: ";").first.map(String.init) }
        }
    }

    private func ask(_ url: String, _ more: String...) throws -> Answer {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/curl")
        process.arguments = ["-s", "--max-time", "60", "-D", "-"] + more + [url]
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        let end = try #require(text.range(of: "\r\n\r\n"), "curl says: \(text)")
        let head = String(text[..<end.lowerBound])
        let status = head.split(separator: " ").dropFirst().first.flatMap { Int($0) }
        return Answer(status: try #require(status), head: head, body: String(text[end.upperBound...]))
    }

    private func root(_ link: String) -> String { String(link.split(separator: "?")[0]) }

    @Test("lets in who has the link, once, and from then on their cookie")
    func link() async throws {
        try await run { link, _ in
            let root = root(link)
            #expect(try ask(root).status == 403, "no token")
            #expect(try ask("\(root)events").status == 403)
            #expect(try ask("\(root)?token=0000").status == 403, "another token")
            let entered = try ask(link)
            #expect(entered.status == 200)
            let cookie = try #require(entered.cookie)
            #expect(entered.head.contains("HttpOnly; SameSite=Strict; Path=/"))
            let again = try ask(link)
            #expect(again.status == 403 && again.cookie == nil, "the token was used")
            #expect(again.body.contains("tandem open --dashboard"))
            let page = try ask(root, "-H", "Cookie: other=1; \(cookie)")
            #expect(page.status == 200 && page.body.contains("<h1>"))
            #expect(try ask(root, "-H", "Cookie: \(cookie)0").status == 403)
            #expect(try ask(root, "-X", "POST", "-H", "Cookie: \(cookie)").status == 404, "it takes nothing")
        }
    }

    @Test("answers to its own address only, and to no other page's questions")
    func origin() async throws {
        try await run { link, _ in
            let root = root(link)
            #expect(try ask(link, "-H", "Host: evil.example:\(root.split(separator: ":")[2].dropLast())").status == 403)
            #expect(try ask(link, "-H", "Host: 127.0.0.1:1").status == 403)
            // The refused ones have not used it up.
            let cookie = try #require(try ask(link).cookie)
            #expect(try ask("\(root)nowhere", "-H", "Cookie: \(cookie)").status == 404)
            for (site, status) in [("same-site", 403), ("cross-site", 403), ("same-origin", 200), ("none", 200)] {
                let answer = try ask(root, "-H", "Cookie: \(cookie)", "-H", "Sec-Fetch-Site: \(site)")
                #expect(answer.status == status, "\(site)")
            }
        }
    }

    @Test("forbids the page all that it does not need, and needs nothing from elsewhere")
    func policy() async throws {
        try await run { link, _ in
            let cookie = try #require(try ask(link).cookie)
            let page = try ask(root(link), "-H", "Cookie: \(cookie)")
            let head = page.head.lowercased()
            #expect(head.contains("content-security-policy: default-src 'none'; script-src 'sha256-"))
            #expect(!head.contains("unsafe") && head.contains("frame-ancestors 'none'"))
            #expect(head.contains("x-content-type-options: nosniff") && head.contains("cache-control: no-store"))
            #expect(page.body.components(separatedBy: "<script").count == 2)
            for forbidden in [" src=", "innerHTML", "onclick=", "onload=", "style=", "insertAdjacentHTML", "eval("] {
                #expect(!page.body.contains(forbidden), "\(forbidden)")
            }
            #expect(try ask(root(link)).head.lowercased().contains("content-security-policy"), "refusals, too")
        }
    }

    @Test("tells each open page what is told, eight at a time")
    func stream() async throws {
        try await run { link, feed in
            let cookie = try #require(try ask(link).cookie)
            let listeners = (0..<PageFeed.mostListeners).compactMap { _ in feed.listen() }
            #expect(listeners.count == PageFeed.mostListeners && feed.listen() == nil)
            #expect(try ask("\(root(link))events", "-H", "Cookie: \(cookie)").status == 503)
            for listener in listeners { withExtendedLifetime(listener) {} }
            feed.tell("event: state\ndata: {}\n\n", feed.numbers)
            var first = listeners[0].makeAsyncIterator()
            #expect(await first.next() == "event: state\ndata: {}\n\n")
        }
    }
}

import MySQLConnector

/// The front page: articles, tags, and a form to write one.
struct ListPage {
    static let pageSize = 10

    var path: RequestPath
    var listing: ArticlePage
    var tags: [String]
    var tag: String?
    /// Counted from 1.
    var page: Int
    /// Just written.
    var posted: Article?
    var form = ArticleForm()

    var html: HTML {
        Layout.page(
            title: tag.map { "\($0) – conduit" } ?? "conduit",
            """
            \(path.html)
            <p class="note">Reload the page to be served by others. What you write you see at once; others may see it a moment later, for reads are shared with the replica.</p>
            \(banner)
            <div class="columns">
            <section aria-labelledby="articles"><h1 id="articles">\(heading)</h1>\(articles)\(pager)</section>
            <aside><h2 class="side">Tags</h2>\(tagList)<h2 class="side" id="write">Write an article</h2>\(form.html)</aside>
            </div>
            """)
    }

    private var heading: String { tag.map { "Articles about “\($0)”" } ?? "Latest articles" }

    private var banner: HTML {
        if !form.problems.isEmpty {
            return
                "<p class=\"banner bad\" role=\"alert\">The article was not published. <a href=\"#write\">See what is wrong with it.</a></p>"
        }
        guard let posted else { return "" }
        return """
            <p class="banner" role="status">Published: <a href="/articles/\(posted.slug)">\(posted.title)</a></p>
            """
    }

    private var articles: HTML {
        // A replica may not have it yet for one who followed another's link.
        let missing = posted.flatMap { posted in
            listing.articles.contains { $0.slug == posted.slug } || page > 1 || tag != nil ? nil : posted
        }
        let shown = [missing].compactMap(\.self) + listing.articles
        if shown.isEmpty { return "<p>Nothing here yet. <a href=\"#write\">Write the first article.</a></p>" }
        return "\(shown.map(card))"
    }

    private func card(_ article: Article) -> HTML {
        """
        <article class="card"><h2><a href="/articles/\(article.slug)">\(article.title)</a></h2>
        <p>\(article.description)</p>
        <div class="meta">\(article.author) · <time datetime="\(article.createdAt.iso8601)">\(article.createdAt.date.description)</time></div>
        \(TagList(tags: article.tags, current: nil).html)</article>
        """
    }

    private var tagList: HTML {
        tags.isEmpty ? "<p class=\"meta\">No tags yet.</p>" : TagList(tags: tags, current: tag).html
    }

    private var pager: HTML {
        let last = max(1, (listing.total + Self.pageSize - 1) / Self.pageSize)
        guard last > 1 || page > 1 else { return "" }
        let newer: HTML =
            page > 1 ? "<a rel=\"prev\" href=\"\(address(min(page - 1, last)))\">← Newer</a>" : "<span></span>"
        let older: HTML = page < last ? "<a rel=\"next\" href=\"\(address(page + 1))\">Older →</a>" : "<span></span>"
        return "<nav class=\"pages\" aria-label=\"Pages\">\(newer)<span>Page \(page) of \(last)</span>\(older)</nav>"
    }

    private func address(_ page: Int) -> String {
        let parts = (page > 1 ? ["page=\(page)"] : []) + (tag.map { ["tag=\(TagList.encoded($0))"] } ?? [])
        return parts.isEmpty ? "/" : "/?" + parts.joined(separator: "&")
    }
}

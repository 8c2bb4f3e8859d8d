import HTTPTypes
import MySQLConnector

/// One article.
struct ArticleView {
    var path: RequestPath
    var article: Article

    var html: HTML {
        Layout.page(
            title: "\(article.title) – conduit",
            """
            \(path.html)
            <article><h1>\(article.title)</h1>
            <p class="meta">\(article.author) · <time datetime="\(article.createdAt.iso8601)">\(article.createdAt.date.description)</time></p>
            <p><strong>\(article.description)</strong></p>
            <div class="body">\(article.body)</div>
            \(TagList(tags: article.tags, current: nil).html)</article>
            <p><a href="/">← All articles</a></p>
            """)
    }
}

/// What went wrong, for people.
struct FailurePage {
    var failure: Failure

    var html: HTML {
        let texts = failure.problems.sorted { $0.key < $1.key }.map { field, texts in
            (field == "message" ? "" : "\(field) ") + texts.joined(separator: "; ")
        }
        return Layout.page(
            title: "\(failure.status.reasonPhrase) – conduit",
            """
            <h1>\(failure.status.code) \(failure.status.reasonPhrase)</h1>
            \(texts.map { "<p>\($0)</p>" as HTML })
            <p><a href="/">← All articles</a></p>
            """)
    }
}

import HTTPTypes
import Hummingbird

/// The frame of every page.
enum Layout {
    static func page(title: String, _ content: HTML) -> HTML {
        """
        <!doctype html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <meta name="color-scheme" content="light dark">
        <title>\(title)</title>
        <link rel="icon" href="data:,">
        <style>\(Style.sheet)</style>
        </head>
        <body>
        <a class="skip" href="#main">Skip to content</a>
        <header class="top"><div class="wrap"><a class="brand" href="/">conduit</a><span>a place to share what you know</span><a class="write" href="/#write">Write</a></div></header>
        <main id="main" class="wrap">\(content)</main>
        <footer class="wrap"><p><a href="/api/articles">JSON</a> · <a href="/metrics">Metrics</a> · <a href="/health">Health</a></p></footer>
        </body>
        </html>
        """
    }
}

extension Response {
    /// Nothing on a page comes from elsewhere, and nothing on it runs.
    private static let policy =
        "default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

    static func page(_ html: HTML, status: HTTPResponse.Status = .ok) -> Response {
        var response = Response.text(html.description, status: status, type: "text/html; charset=utf-8")
        response.headers[.contentSecurityPolicy] = policy
        response.headers[.cacheControl] = "no-store"
        return response
    }
}

import HTTPTypes
import Hummingbird

/// The machines that one page came through.
struct RequestPath: Sendable {
    /// Longer names are not ours.
    private static let nameLimit = 64

    var balancer: String?
    var web: String?
    var app: String
    var database: String?

    init(_ request: Request, app: String, database: String?) {
        balancer = request.headers[.balancer].map { String($0.prefix(Self.nameLimit)) }
        web = request.headers[.web].map { String($0.prefix(Self.nameLimit)) }
        self.app = app
        self.database = database
    }

    var html: HTML {
        """
        <nav aria-label="The machines that made this page"><ol class="path">
        \(station("Balancer", balancer))\(station("Web server", web))\(station("App server", app))\(station("Database", database))
        </ol></nav>
        """
    }

    private func station(_ role: String, _ name: String?) -> HTML {
        let shown: HTML = name.map { "<strong>\($0)</strong>" } ?? "<strong class=\"none\">not used</strong>"
        return "<li><small>\(role)</small>\(shown)</li>\n"
    }
}

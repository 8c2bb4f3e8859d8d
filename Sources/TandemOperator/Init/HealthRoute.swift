/// The route of a project that answers 200 when the app can serve, found in its source text.
enum HealthRoute {
    /// What the stack file's key means where it is left out.
    static let preset = "/health"

    /// - Returns: nil where no route has one of the usual names.
    static func path(in text: String) -> String? {
        let route = /["'`](?:GET )?\/?((?:healthz?|livez|readyz|_health|health[-_]check|healthcheck)\/?)["'`]/
        return text.firstMatch(of: route).map { "/\($0.1)" }
    }

    /// The first route in files of these kinds, or else the front page.
    static func path(in files: ProjectFiles, _ endings: [String]) -> String {
        for name in files.sources(endings) {
            if let found = files.text(name).flatMap(path(in:)) { return found }
        }
        return "/"
    }
}

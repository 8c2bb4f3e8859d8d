/// Swift packages and Go modules.
extension ProjectDetection {
    static func swift(_ files: ProjectFiles) -> ProjectKind? {
        guard let manifest = files.text("Package.swift") else { return nil }
        let code = manifest.split(separator: "\n").filter { !$0.drop(while: \.isWhitespace).hasPrefix("//") }
            .joined(separator: "\n")
        let name =
            code.firstMatch(of: /\.executable\s*\(\s*name\s*:\s*"([^"]+)"/)?.1
            ?? code.firstMatch(of: /\.executableTarget\s*\(\s*name\s*:\s*"([^"]+)"/)?.1
        guard let name else { return nil }
        let program = name.replacing(" ", with: "-")
        var kind = ProjectKind(title: "a Swift package", run: ".build/release/\(program)")
        kind.before = "swift build -c release --product \(program)"
        kind.health = HealthRoute.path(in: files, [".swift"])
        let sources = files.sources([".swift"]).compactMap(files.text).joined(separator: "\n")
        if code.contains("vapor/vapor") {
            kind.title = "a Vapor app"
            kind.run += #" serve --env production --hostname "$HOST" --port "$PORT""#
            if sources.contains("app.migrations") { kind.prepare = ".build/release/\(program) migrate --yes" }
        } else if code.contains("hummingbird") {
            kind.title = "a Hummingbird app"
            hummingbird(&kind, sources)
        } else {
            kind.remarks = hostRemark(sources)
        }
        return kind
    }

    /// Hummingbird's template takes the address as options; its newer form takes it from swift-configuration.
    private static func hummingbird(_ kind: inout ProjectKind, _ sources: String) {
        if sources.contains(/@Option[^\n]*\n?[^\n]*\bvar hostname\b/) {
            kind.run += #" --hostname "$HOST" --port "$PORT""#
        } else if sources.contains(#""http.host""#) {
            kind.run = #"HTTP_HOST="$HOST" HTTP_PORT="$PORT" exec \#(kind.run)"#
        } else {
            kind.remarks = hostRemark(sources)
        }
    }

    static func go(_ files: ProjectFiles) -> ProjectKind? {
        guard let module = files.text("go.mod")?.firstMatch(of: /(?m)^module\s+"?([^\s"]+)/)?.1 else { return nil }
        // The last part of the path, unless that is a version, as in example.com/shop/v2.
        let parts = module.split(separator: "/").filter { $0.wholeMatch(of: /v[0-9]+/) == nil }
        let name = plain(String(parts.last ?? "app"))
        let main = files.has("main.go") ? "." : (files.has("cmd/\(name)/main.go") ? "./cmd/\(name)" : ".")
        var kind = ProjectKind(title: "a Go module", run: "./\(name)")
        kind.before = "go build -o \(name) \(main)"
        kind.health = HealthRoute.path(in: files, [".go"])
        if !readsHost(files, [".go"]) {
            kind.remarks = [
                "The app has to listen on HOST and PORT: net.JoinHostPort(os.Getenv(\"HOST\"), os.Getenv(\"PORT\"))"
            ]
        }
        return kind
    }

    private static func hostRemark(_ sources: String) -> [String] {
        sources.contains(/\bHOST\b/) ? [] : ["The app has to listen on the address in HOST and on the port in PORT."]
    }
}

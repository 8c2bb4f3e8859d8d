import Foundation

extension ProjectDetection {
    private struct NodePackage: Decodable {
        var main: String?
        var scripts: [String: String]?
        var dependencies: [String: String]?
    }

    private static let endings = [".js", ".mjs", ".cjs", ".ts", ".mts"]

    static func node(_ files: ProjectFiles) -> ProjectKind? {
        guard let text = files.text("package.json") else { return nil }
        let package = try? JSONDecoder().decode(NodePackage.self, from: Data(text.utf8))
        var kind = ProjectKind(title: "a Node project", run: nodeCommand(files, package))
        let install =
            files.has("pnpm-lock.yaml")
            ? ("pnpm install", "pnpm run build")
            : files.has("yarn.lock") ? ("yarn install", "yarn build") : ("npm install", "npm run build")
        kind.before = package?.scripts?["build"].map { _ in "\(install.0) && \(install.1)" } ?? install.0
        kind.health = HealthRoute.path(in: files, endings)
        let packages = package?.dependencies ?? [:]
        if packages["express"] != nil {
            kind.title = "an Express app"
            kind.remarks = [
                "app.set('trust proxy', 'loopback') makes req.ip the visitor's address and req.secure true."
            ]
        } else if packages["fastify"] != nil {
            kind.title = "a Fastify app"
            kind.remarks = ["Fastify({ trustProxy: '127.0.0.0/8' }) makes request.ip the visitor's address."]
        }
        if kind.run == "npm start" {
            kind.remarks += ["npm passes SIGTERM on, but may end before the app does; the app's own command is better."]
        }
        if !kind.run.contains("$HOST"), !readsHost(files, endings) {
            kind.remarks += [
                "The app has to listen on one address alone: server.listen(process.env.PORT, process.env.HOST)"
            ]
        }
        return kind
    }

    /// Without npm in between there is one process less, and SIGTERM reaches the app itself.
    private static func nodeCommand(_ files: ProjectFiles, _ package: NodePackage?) -> String {
        guard let start = package?.scripts?["start"], !start.isEmpty else {
            let candidates = [package?.main, "server.js", "index.js", "app.js", "src/index.js", "src/server.js"]
            let script = candidates.compactMap(\.self).first { files.has($0) && plain($0) == $0 } ?? "server.js"
            return "node \(script)"
        }
        if start.wholeMatch(of: /node [A-Za-z0-9_.\/ =-]+/) != nil { return start }
        if let parts = start.wholeMatch(of: /((?:[A-Z_]+=[\w.\/-]+ )+)(node [A-Za-z0-9_.\/ =-]+)/) {
            return "\(parts.1)exec \(parts.2)"
        }
        if start == "next start" { return #"exec node_modules/.bin/next start --hostname "$HOST" --port "$PORT""# }
        // npm would find these programs in the same place.
        if let parts = start.wholeMatch(of: /([a-z][a-z0-9-]*)((?: [A-Za-z0-9_.\/=-]+)*)/),
            files.has("node_modules/.bin/\(parts.1)")
        {
            return "exec node_modules/.bin/\(parts.1)\(parts.2)"
        }
        return "npm start"
    }
}

import Foundation

/// Recognises a project by its files.
enum ProjectDetection {
    /// - Returns: nil when nothing is recognised.
    static func kind(of files: ProjectFiles) -> ProjectKind? {
        let written = procfile(files)
        // A command that names HOST was written for this purpose. Otherwise the framework's own rule is the better one.
        if let written, written.run.contains("$HOST") { return written }
        return swift(files) ?? go(files) ?? python(files) ?? ruby(files) ?? php(files) ?? node(files) ?? written
    }

    /// `web: COMMAND` and `release: COMMAND`, as Heroku and its kin read it.
    private static func procfile(_ files: ProjectFiles) -> ProjectKind? {
        let lines = (files.text("Procfile") ?? "").split(whereSeparator: \.isNewline).compactMap { line in
            line.firstMatch(of: /^([A-Za-z0-9_-]+):\s*(\S.*?)\s*$/).map { (String($0.1), String($0.2)) }
        }
        guard let web = lines.first(where: { $0.0 == "web" })?.1 else { return nil }
        var kind = ProjectKind(title: "a project with a Procfile", run: onHost(web))
        kind.remarks.append("From the line `web:` of the Procfile.")
        if !kind.run.contains("$HOST") { kind.remarks.append("It has to listen on $HOST, not only on $PORT.") }
        kind.prepare = lines.first { $0.0 == "release" }?.1
        let others = lines.map(\.0).filter { $0 != "web" && $0 != "release" }
        if !others.isEmpty {
            kind.remarks.append("Tandem does not run the Procfile's other lines: \(others.joined(separator: ", ")).")
        }
        return kind
    }

    /// The same command line, on one address rather than on all: both servers' processes have the same port.
    private static func onHost(_ command: String) -> String {
        let run = command.replacing("0.0.0.0", with: "$HOST")
        guard !run.contains("HOST") else { return run }
        if run.hasPrefix("gunicorn "), !run.contains(" -b"), !run.contains("--bind") {
            return run + #" --bind "$HOST:$PORT""#
        }
        if run.hasPrefix("uvicorn "), !run.contains("--host") { return run + #" --host "$HOST""# }
        return run
    }

    /// As it may stand on a command line without quotes.
    static func plain(_ text: String) -> String {
        String(text.unicodeScalars.map { "-_./".unicodeScalars.contains($0) || isWord($0) ? Character($0) : "-" })
    }

    private static func isWord(_ scalar: Unicode.Scalar) -> Bool {
        scalar.isASCII && (scalar.properties.isAlphabetic || ("0"..."9").contains(scalar))
    }

    /// Whether any source file reads the variable HOST.
    static func readsHost(_ files: ProjectFiles, _ endings: [String]) -> Bool {
        files.sources(endings).contains { files.text($0)?.contains(/\bHOST\b/) == true }
    }
}

import Foundation
import TandemStack

/// Recognises a project by its files.
package enum ProjectDetection {
    /// - Returns: nil when nothing is recognised.
    package static func kind(of files: ProjectFiles) -> ProjectKind? {
        let procfile = Procfile(files.text("Procfile") ?? "")
        var kind = kind(of: files, written: written(procfile))
        kind?.workers = procfile.workers
        if !procfile.strangers.isEmpty {
            kind?.remarks.append(
                "The Procfile's lines \(procfile.strangers.joined(separator: ", ")) need other names: see `tandem docs app`."
            )
        }
        if !procfile.surplus.isEmpty {
            kind?.remarks.append(
                "The Procfile's lines \(procfile.surplus.joined(separator: ", ")) were left out: a stack has \(Worker.most) workers at most."
            )
        }
        return kind
    }

    /// A command that names HOST was written for this purpose. Otherwise the framework's own rule is the better one.
    private static func kind(of files: ProjectFiles, written: ProjectKind?) -> ProjectKind? {
        if let written, written.run.contains("$HOST") { return written }
        return swift(files) ?? go(files) ?? python(files) ?? ruby(files) ?? php(files) ?? node(files) ?? written
    }

    private static func written(_ procfile: Procfile) -> ProjectKind? {
        guard let web = procfile.web else { return nil }
        var kind = ProjectKind(title: "a project with a Procfile", run: onHost(web))
        kind.remarks.append("From the line `web:` of the Procfile.")
        if !kind.run.contains("$HOST") { kind.remarks.append("It has to listen on $HOST, not only on $PORT.") }
        kind.prepare = procfile.release
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

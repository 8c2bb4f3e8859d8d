import CTandemSystem
import Foundation
import Glibc
import TandemStack

/// Which files of a folder make up a version of the app.
struct ReleaseFiles: Sendable {
    let folder: String
    /// `app: files`; nil: what git tracks, and what it does not know yet and does not ignore. Without git, all.
    var patterns: [FilePattern]?

    /// Beyond this it is no app, but a folder that holds something else, too.
    private static let most = 500_000

    /// Relative paths.
    /// - Throws: `Failure` for a pattern that matches nothing: what was meant by it would be missing on every host.
    func names() throws -> [String] {
        guard let patterns else { return try tracked() ?? all() }
        let (taken, idle) = FilePattern.select(patterns, from: try files(patterns))
        guard idle.isEmpty else {
            throw Failure(
                .failed,
                "app.files: no file in \(folder) matches \(idle.map { "'\($0.text)'" }.joined(separator: ", ")). Paths are "
                    + "relative to that folder, and * does not go beyond a '/' (**/*.css does). What a build makes is "
                    + "there when the build has run: app: build")
        }
        guard !taken.isEmpty else {
            throw Failure(.failed, "app.files: the patterns that begin with ! leave out every file of \(folder)")
        }
        return taken
    }

    /// What visitors are to be given, and no host would have, in words.
    /// - Parameter publicFolders: absolute; those elsewhere are the hosts' own.
    func notes(_ publicFolders: [String], among names: [String]) -> [String] {
        guard patterns != nil else { return [] }
        let inside = publicFolders.filter { $0.hasPrefix("\(folder)/") }.map { $0.dropFirst(folder.count + 1) }
        return inside.filter { folder in !names.contains { $0.hasPrefix("\(folder)/") } }.map {
            "no host has anything to serve from '\($0)' (web: static): it is not among app: files"
        }
    }

    /// nil: it is no working tree of git.
    private func tracked() throws -> [String]? {
        let outcome = try RootTool.run(
            [
                "/usr/bin/env", "git", "-C", folder, "ls-files", "-z", "--cached", "--others", "--exclude-standard",
            ], capturing: 64 << 20, isQuiet: true)
        guard outcome.status == 0 else { return nil }
        let names = outcome.output.split(separator: 0).map { String(decoding: $0, as: UTF8.self) }
        // A file that was deleted and not yet committed is still listed.
        return names.filter { kind(of: $0) != nil }
    }

    private func all() throws -> [String] {
        try FileManager.default.subpathsOfDirectory(atPath: folder)
    }

    /// As the folder is, whatever git thinks of it: files and links. A link is packed as one, and not followed.
    private func files(_ patterns: [FilePattern]) throws -> [String] {
        var found: [String] = []
        var folders = [""]
        while let parent = folders.popLast() {
            let entries: [String]
            do {
                entries = try FileManager.default.contentsOfDirectory(atPath: "\(folder)/\(parent)")
            } catch {
                throw Failure(
                    .failed, "cannot look into \(folder)/\(parent) for app: files: \(error.localizedDescription)")
            }
            for entry in entries where entry != ".git" && entry != ".tandem" {
                let name = parent.isEmpty ? entry : "\(parent)/\(entry)"
                switch kind(of: name) {
                case S_IFDIR where patterns.contains { $0.mayName(below: name) }: folders.append(name)
                case S_IFREG, S_IFLNK: found.append(name)
                default: break
                }
            }
            guard found.count + folders.count <= Self.most else {
                throw Failure(
                    .failed, "app.files: there are more than \(Self.most) files in \(folder); is it the app's folder?")
            }
        }
        return found
    }

    /// nil: it is not there.
    private func kind(of name: String) -> mode_t? {
        var entry = tandem_entry()
        return tandem_look_at("\(folder)/\(name)", 0, &entry) == 0 ? entry.mode & S_IFMT : nil
    }
}

import CTandemSystem
import Foundation
import Glibc
import TandemAgent

/// Whether a project may be believed. A stack file runs commands, and a state folder holds the keys that others are
/// made to trust: one that somebody else put where we work would make us do what they want.
enum ProjectTrust {
    /// - Parameters:
    ///   - place: the stack file as it was found or named, links and all.
    ///   - isNamed: whether `--file` names it; then it is wanted, and a warning will do.
    static func checkStackFile(_ path: String, place: String, isNamed: Bool) throws {
        let ways = Set([path, place].flatMap { [$0, ($0 as NSString).deletingLastPathComponent] }).sorted()
        guard let way = ways.first(where: { PathTrust.reason($0, geteuid()) != nil }),
            let reason = PathTrust.reason(way, geteuid())
        else { return }
        if isNamed { return Terminal.line("warning: \(way) \(reason); what the stack file says is run as you") }
        throw Failure(
            .stackFile,
            """
            detected dubious ownership in \(path): \(way) \(reason).
            What a stack file says is run as you, and this one was found, not named. If you trust it: --file \
            \(Shell.quoted(path)). If it is yours: chown it to you, and let nobody else write to it.
            """)
    }

    /// The private files of a state folder, those of them that are there.
    private static func privateFiles(_ folder: StackFolder) -> [String] {
        let keys = ((try? FileManager.default.contentsOfDirectory(atPath: folder.pkiFolder)) ?? []).filter {
            $0.contains("key")
        }
        return ["secrets.json", "stack.json", "keeper.json"] + keys.sorted().map { "pki/\($0)" }
    }

    static func checkState(_ folder: StackFolder) throws {
        let parent = (folder.path as NSString).deletingLastPathComponent
        // The folder of all stacks of root's belongs to root, and has to be passed only.
        for path in [parent, folder.path] where isThere(path) {
            if let reason = PathTrust.reason(path, geteuid()) { throw dubious(folder, path, reason) }
        }
        for path in [folder.path, folder.pkiFolder] where isThere(path) && access(path, X_OK) == 0 {
            var entry = tandem_entry()
            guard tandem_look_at(path, 1, &entry) == 0, entry.user != geteuid() else { continue }
            throw dubious(folder, path, "belongs to \(PathTrust.name(of: entry.user))")
        }
        for name in privateFiles(folder) {
            var entry = tandem_entry()
            let path = "\(folder.path)/\(name)"
            guard tandem_look_at(path, 0, &entry) == 0 else { continue }
            if entry.user != geteuid() { throw dubious(folder, path, "belongs to \(PathTrust.name(of: entry.user))") }
            if entry.mode & S_IFMT != S_IFREG { throw dubious(folder, path, "is no file of its own") }
            if entry.mode & 0o077 != 0 {
                throw dubious(folder, path, "may be read by others, which Tandem never leaves so")
            }
        }
    }

    private static func isThere(_ path: String) -> Bool {
        var entry = tandem_entry()
        return tandem_look_at(path, 0, &entry) == 0
    }

    private static func dubious(_ folder: StackFolder, _ path: String, _ reason: String) -> Failure {
        Failure(
            .failed,
            """
            detected dubious ownership in \(folder.path): \(path) \(reason).
            What lies there holds the keys and passwords of a stack, and is believed. If it came with a checkout or from \
            somebody else, delete the folder. If it is yours: make all of it yours, folders of mode 0700, files of mode 0600.
            """)
    }
}

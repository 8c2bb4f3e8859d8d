import Crypto
import Foundation
import Glibc
import TandemBlueprint
import TandemPKI
import TandemStack

/// A version of the app: the files of its folder, named by their content.
struct ReleaseBundle: Sendable {
    /// The first 12 digits of the SHA-256 of its tar, which is the same for the same files.
    let identifier: String
    /// The tar, uncompressed.
    let archive: [UInt8]
    /// What its operator should know.
    let notes: [String]

    /// Beyond this it is no app, but a folder that holds something else, too.
    private static let largestBytes = 512 << 20

    init(project: Project) throws {
        let app = project.stack.app
        try self.init(
            folder: app.workingDirectory, stackFile: project.stackFile, patterns: app.files,
            publicFolders: project.stack.web.publicFolders)
    }

    /// - Parameters:
    ///   - stackFile: is not part of it: a setting that changes is no new version of the app.
    ///   - patterns: `app: files`.
    ///   - publicFolders: of `web: static`, absolute.
    init(
        folder: String, stackFile: String, patterns: [FilePattern]? = nil, publicFolders: [String] = []
    ) throws {
        let files = ReleaseFiles(folder: folder, patterns: patterns)
        var names = try files.names()
        notes = files.notes(publicFolders, among: names)
        let own = (stackFile as NSString).lastPathComponent
        names.removeAll { $0 == own || $0.hasPrefix(".tandem/") || $0.hasPrefix(".git/") }
        let list = Data(names.sorted().map { "./\($0)\0" }.joined().utf8)
        let outcome = try RootTool.run(
            [
                "/usr/bin/env", "LC_ALL=C", "tar", "--create", "--null", "--no-recursion", "--sort=name", "--mtime=@0",
                "--owner=0", "--group=0", "--numeric-owner", "--format=gnu", "--directory", folder,
                "--files-from=-",
            ], capturing: Self.largestBytes, input: list)
        guard outcome.status == 0 else { throw Failure(.failed, "tar cannot pack the app's files in \(folder)") }
        guard outcome.output.count <= Self.largestBytes else {
            throw Failure(
                .failed,
                "the app's files in \(folder) are more than 512 MB; name those that it needs: app: files. Without that, what git "
                    + "ignores is left out")
        }
        archive = Array(outcome.output)
        identifier = SHA256.hash(data: outcome.output).prefix(6).hexadecimal
    }

    /// As the account of the host's agent, with the group of the app, which may read it and not change it.
    static let installation = """
        set -e
        umask 027
        mkdir -p "$1"
        rm -rf "$1/$2.new" && mkdir "$1/$2.new"
        tar --extract --no-same-owner --directory "$1/$2.new"
        mv -T "$1/$2.new" "$1/$2"
        """
}

import CTandemSystem
import Foundation
import Glibc
import TandemStack

/// A stack file as root sees it: where it is and whose, and its text only where root alone can have written it.
package struct RootStackFile {
    /// Absolute, without links.
    package var path: String
    package var owner: UInt32
    var isFound: Bool

    /// - Throws: `Failure` when there is none, or when others than its owner and root can put another one in its place.
    package static func locate(_ named: String?) throws -> RootStackFile? {
        guard let place = try? Project.place(named) else { return nil }
        let path = Project.resolved(place)
        var entry = tandem_entry()
        guard tandem_look_at(path, 1, &entry) == 0 else { return nil }
        let file = RootStackFile(path: path, owner: entry.user, isFound: named == nil)
        // A link leads where its maker wants, and to another place in the next moment. The account goes the same way
        // once more.
        for way in [path, place] {
            if let doubt = PathTrust.doubt(way, user: file.owner) { throw file.dubious(doubt) }
        }
        return file
    }

    private func dubious(_ doubt: PathTrust.Doubt) -> Failure {
        let name = PathTrust.name(of: owner)
        return Failure(
            .failed,
            """
            detected dubious ownership of \(path): it belongs to \(name), but \(doubt.path) \(doubt.reason).
            As root, tandem becomes the user whom the file belongs to, and others could put another file in its place. \
            Set owner and mode right, or run it as that user: runuser -u \(name) -- tandem …
            """)
    }

    package struct Contents {
        /// nil when the file is too broken to tell.
        package var name: String?
        /// nil when there is something wrong with it.
        package var stack: Stack?

        package var wantsLowPorts: Bool {
            guard let balancer = stack?.balancer else { return false }
            return balancer.httpPort.number < 1024 || balancer.httpsPort.number < 1024
        }
    }

    /// Only for a file of root's own.
    package func read() throws -> Contents {
        precondition(owner == 0)
        let handle = try FileHandle(forReadingFrom: URL(fileURLWithPath: path))
        defer { try? handle.close() }
        var entry = tandem_entry()
        guard tandem_look_at_descriptor(handle.fileDescriptor, &entry) == 0, entry.user == 0,
            entry.mode & S_IFMT == S_IFREG,
            let data = try handle.read(upToCount: StackFile.sizeLimitBytes),
            let text = String(data: data, encoding: .utf8)
        else { return Contents() }
        let file = StackFile(text: text, name: Project.fileName, folder: (path as NSString).deletingLastPathComponent)
        let stack = try? file.load()
        return Contents(name: stack?.name ?? file.declaredName, stack: stack)
    }
}

/// Why the account of a stack cannot work with its project, and what to do.
package struct BarredProject {
    package var file: String
    var account: String
    var barrier: Barrier

    package init(file: String, account: String, barrier: Barrier) {
        self.file = file
        self.account = account
        self.barrier = barrier
    }

    package var text: String {
        let folder = (file as NSString).deletingLastPathComponent
        let name = (folder as NSString).lastPathComponent
        return """
            the stack runs as the user '\(account)', who cannot get at \(file): \(barrier.path) denies that user access (\(barrier.state)).
            Move the project to where that user may read it, such as /srv/\(name.isEmpty ? "app" : name), or give it to an \
            ordinary user, as whom it then runs.
            """
    }
}

import Foundation
import Glibc
import TandemAgent

/// Files that a stack's account makes and that root writes down, for what root asks to have in a folder of its own: the
/// account cannot write there, and root runs nothing of a stack.
package enum HandOver {
    package struct Entry: Codable {
        /// Below the folder, without `..`.
        package var path: String
        var mode: UInt16
        /// nil: a folder.
        package var contents: Data?
    }

    static let step = "hand-over"
    private static let largestOutput = 512 << 20

    // MARK: - The account's part

    /// Has `body` fill a folder: the one that was asked for, or one whose content goes to root afterwards.
    package static func filling<R>(_ folder: String, _ body: (String) async throws -> R) async throws -> R {
        guard ProcessInfo.processInfo.environment[AccountEnvironment.stepVariable] == step else {
            return try await body(folder)
        }
        var template = Array("/tmp/tandem-files-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else {
            throw Failure(.failed, "cannot make a folder in /tmp: \(String(cString: strerror(errno)))")
        }
        let own = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        defer { try? FileManager.default.removeItem(atPath: own) }
        let earlier = try JSONDecoder().decode([Entry].self, from: FileHandle.standardInput.readDataToEndOfFile())
        for entry in earlier { try OwnTree(own).write(entry) }
        let result = try await body(own)
        try FileHandle.standardOutput.write(contentsOf: JSONEncoder().encode(OwnTree(own).read()))
        return result
    }

    // MARK: - Root's part

    /// - Parameters:
    ///   - folder: where to; it and those above it must be root's alone.
    ///   - isKept: which files that are there already the account needs to see.
    ///   - names: of folders and files right below it. The account gives no others, and nothing whose name begins with
    ///     a dot: where the folder is one that root uses for something else, the account is not to choose what is
    ///     written there.
    package static func run(into folder: String, mode: UInt16, isKept: (String) -> Bool, names: Set<String>) throws {
        let target = try target(folder)
        let tree = OwnTree(target)
        // Root makes and checks the folder before the account's process runs, so that this process cannot put another
        // one in its place.
        let isNew = try tree.make(mode: mode) { try checkIsOurs(target, named: folder) }
        var isDone = false
        defer { if isNew && !isDone { rmdir(target) } }
        let earlier = ((try? tree.read()) ?? []).filter { $0.contents != nil && isKept($0.path) }
        var environment = ProcessInfo.processInfo.environment
        environment[AccountEnvironment.stepVariable] = step
        let outcome = try RootTool.run(
            [OwnProgram.path] + CommandLine.arguments.dropFirst(), environment: environment, capturing: largestOutput,
            input: JSONEncoder().encode(earlier))
        guard outcome.status == 0 else { throw QuietEnd(outcome.status) }
        let entries = try JSONDecoder().decode([Entry].self, from: outcome.output)
        if let odd = entries.first(where: { !isExpected($0.path, names) }) {
            throw Failure(
                .failed,
                "the stack's account gave a file that does not belong there: \(Terminal.printable(odd.path)); nothing was written"
            )
        }
        isDone = true
        for entry in entries { try tree.write(entry) }
    }

    static func isExpected(_ path: String, _ names: Set<String>) -> Bool {
        let components = path.split(separator: "/", omittingEmptySubsequences: false)
        guard let first = components.first, names.contains(String(first)) else { return false }
        return !components.contains { $0.isEmpty || $0.hasPrefix(".") }
    }

    /// A folder that root may write to, without links; it need not be there yet.
    /// - Throws: where it is named by way of a place that others can change, or leads to one.
    package static func target(_ folder: String) throws -> String {
        let absolute = URL(fileURLWithPath: folder).standardizedFileURL
        var known = absolute
        while known.path != "/", !FileManager.default.fileExists(atPath: known.path) { known.deleteLastPathComponent() }
        // As it is named, too: whoever may put another link in the way chooses where it leads.
        try checkIsOurs(known.path, named: folder)
        let real = known.resolvingSymlinksInPath().path
        try checkIsOurs(real, named: folder)
        return real + absolute.path.dropFirst(known.path.count)
    }

    private static func checkIsOurs(_ path: String, named folder: String) throws {
        guard let doubt = PathTrust.doubt(path, user: 0) else { return }
        throw Failure(
            .failed,
            "as root nothing is written to \(folder), since others can change it: \(doubt.path) \(doubt.reason).\n"
                + "Name a folder that is root's, or give the stack file to the user who is to have the files.")
    }
}

import Foundation

/// What `tandem init` takes a folder for, and how such an app is run.
struct ProjectKind: Sendable, Equatable {
    /// As in "a Go module".
    var title: String
    /// The command line; it runs in the folder, with HOST and PORT set.
    var run: String
    /// What has to be done before the first start, such as a build; nil: nothing.
    var before: String?
    /// What the user should know of this command line; nil: nothing.
    var remark: String?

    /// What a project that shows nothing of itself gets.
    static let unknown = ProjectKind(
        title: "an app of a kind that Tandem does not know", run: "./app", before: nil,
        remark: "Put the command here that starts your app; it listens on $HOST:$PORT.")
}

/// The files of a folder, as far as they tell what kind of project it is.
struct ProjectFiles: Sendable {
    var folder: String

    /// A file larger than this is none that a person wrote.
    private static let limitBytes = 1 << 20

    func has(_ name: String) -> Bool { FileManager.default.fileExists(atPath: "\(folder)/\(name)") }

    /// nil where there is none that can be read.
    func text(_ name: String) -> String? {
        guard let handle = FileHandle(forReadingAtPath: "\(folder)/\(name)") else { return nil }
        defer { try? handle.close() }
        guard let data = try? handle.read(upToCount: Self.limitBytes) else { return nil }
        return String(data: data, encoding: .utf8)
    }

    /// Folders directly below that hold a file of this name.
    func folders(with name: String) -> [String] {
        let entries = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        return entries.filter { !$0.hasPrefix(".") && has("\($0)/\(name)") }.sorted()
    }
}

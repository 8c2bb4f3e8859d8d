/// What `tandem init` takes a folder for, and how such an app is run.
package struct ProjectKind: Sendable, Equatable {
    /// As in "a Go module".
    package var title: String
    /// The command line; it runs in the folder, with HOST and PORT set.
    package var run: String
    /// What has to be done before the first start, such as a build; nil: nothing.
    package var before: String?
    /// What has to be done before each new version starts, such as a migration; nil: nothing.
    var prepare: String?
    /// Processes beside it, in the order of the file.
    var workers: [Worker] = []
    /// The path that answers 200.
    var health = HealthRoute.preset
    /// Variables that this kind of app needs, in the order of the file.
    var environment: [Variable] = []
    /// The form of DATABASE_URL that the project's library wants, as in `database: url`; nil: MySQL's own.
    var databaseURL: String?
    /// Files that nginx can serve itself.
    var staticFiles: [StaticFiles] = []
    /// What the user should know, a line each: of the command line, and of the framework's own settings.
    package var remarks: [String] = []
    /// A file without which the command line does not work.
    package var companion: Companion?

    struct Worker: Sendable, Equatable {
        var name: String
        var command: String
        /// As in `on: one`.
        var isOnOneHost: Bool
    }

    struct Variable: Sendable, Equatable {
        var name: String
        var value: String
    }

    /// A folder whose files are found below a prefix of the address; the prefix `/` is the whole site.
    struct StaticFiles: Sendable, Equatable {
        var prefix: String
        var folder: String
    }

    /// A file that `tandem init` writes beside the stack file.
    package struct Companion: Sendable, Equatable {
        package var name: String
        package var text: String
    }

    /// What a project that shows nothing of itself gets.
    package static let unknown = ProjectKind(
        title: "an app of a kind that Tandem does not know", run: "./app",
        remarks: ["Put the command here that starts your app. The app listens on $HOST:$PORT, for plain HTTP."])
}

extension ProjectKind {
    /// An app of which only this is known.
    package init(title: String, run: String) { self.init(title: title, run: run, remarks: []) }
}

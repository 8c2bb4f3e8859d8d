/// Files of a host, and what makes them hold, of a kind that could cut the host off: its firewall, its address, its units.
///
/// The host undoes it by itself, by a timer that needs neither an agent nor the operator, unless the operator has come in anew by then.
public struct ConfirmedChange: Sendable, Equatable {
    public struct File: Sendable, Equatable {
        public enum Content: Sendable, Equatable {
            case text(String, mode: UInt16 = 0o644)
            /// A symbolic link, such as those by which units are enabled.
            case link(to: String)
            /// Nothing is to be there.
            case absent
        }

        /// Absolute; folders above it are made.
        public var path: String
        public var content: Content

        public init(path: String, content: Content) {
            self.path = path
            self.content = content
        }
    }

    /// What is changed, for messages, such as `the firewall`.
    public var name: String
    public var files: [File]
    /// Shell lines, run by root in this order. Each is given, as `$1` and so on, what it is about, and fails with the reason on its
    /// standard error.
    public var script: Script
    /// How long the host waits for the confirmation.
    public var undoAfterSeconds: Int

    /// In all of them `$1` is a folder of root's own, where one may leave something for the others.
    public struct Script: Sendable, Equatable {
        /// Notes what is there now, where it is not in the files. Changes nothing.
        public var note: String
        /// Looks at the new files, which are not in their places yet: `staged PATH` prints where one is. Changes nothing.
        public var check: String
        /// Makes the new files hold, once they are in their places.
        public var apply: String
        /// Makes the old ones hold again, once they are back; also at the next boot. It may be run twice.
        public var undo: String

        public init(note: String = ":", check: String = ":", apply: String = ":", undo: String = ":") {
            self.note = note
            self.check = check
            self.apply = apply
            self.undo = undo
        }
    }

    public init(name: String, files: [File], script: Script, undoAfterSeconds: Int = 60) {
        self.name = name
        self.files = files
        self.script = script
        self.undoAfterSeconds = undoAfterSeconds
    }

    /// The rules of `inet tandem`, replaced in one transaction; every other table stays.
    ///
    /// What comes back, if it is undone, is what the kernel had: also where that was not what the file said.
    /// - Parameter path: where the rules lie for the next boot.
    public static func firewall(rules: String, path: String, undoAfterSeconds: Int = 60) -> ConfirmedChange {
        let file = ShellWord.quoted(path)
        return ConfirmedChange(
            name: "the firewall", files: [File(path: path, content: .text(rules))],
            script: Script(
                note: #"nft -s list table inet tandem > "$1/table" 2>/dev/null || : > "$1/table""#,
                check: "nft -c -f \"$(staged \(file))\"", apply: "nft -f \(file)",
                undo: #"{ echo 'table inet tandem'; echo 'delete table inet tandem'; cat "$1/table"; } | nft -f -"#),
            undoAfterSeconds: undoAfterSeconds)
    }
}

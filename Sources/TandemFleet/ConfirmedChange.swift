/// Files of a host, and what makes them hold, of a kind that could cut the host off: its firewall, its address, its
/// units.
///
/// The host undoes it by itself, by a timer that needs neither an agent nor the operator, unless the operator has come
/// in anew by then.
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
    /// Shell lines, run by root in this order. Each is given, as `$1` and so on, what it is about, and fails with the
    /// reason on its standard error.
    public var script: Script
    /// How long the host waits for the confirmation.
    public var undoAfterSeconds: Int

    /// In all of them `$1` is a folder of root's own, where one may leave something for the others.
    public struct Script: Sendable, Equatable {
        /// Notes what is there now, where it is not in the files. Changes nothing. Knows `staged`, too.
        public var note: String
        /// Looks at the new files, which are not in their places yet: `staged PATH` prints where one is. Changes
        /// nothing.
        public var check: String
        /// Makes the new files hold, once they are in their places.
        public var apply: String
        /// Fails where the files are in their places and do not hold. Changes nothing.
        public var holds: String
        /// Makes the old ones hold again, once they are back. It may be run twice; after a reboot it is not, since
        /// whatever reads the files starts later then.
        public var undo: String

        public init(
            note: String = ":", check: String = ":", apply: String = ":", holds: String = ":", undo: String = ":"
        ) {
            self.note = note
            self.check = check
            self.apply = apply
            self.holds = holds
            self.undo = undo
        }
    }

    public init(name: String, files: [File], script: Script, undoAfterSeconds: Int = 60) {
        self.name = name
        self.files = files
        self.script = script
        self.undoAfterSeconds = undoAfterSeconds
    }
}

import TandemFleet

package enum Shell {
    /// As one word of a POSIX shell.
    static func quoted(_ text: String) -> String { ShellWord.quoted(text) }
}

/// What the router asks the agent, on a connection of its own each time: one line, ended by a line feed or by
/// `terminator`.
///
/// The agent listens on `Host.loopbackAddress`, port `Ports.agentCheck`, and is asked about every database host four
/// times a second for each purpose.
public struct RouterQuestion: Sendable, Hashable {
    public enum Purpose: String, Sendable, CaseIterable {
        /// May the app's writes go to this host?
        case write
        /// May the app's reads go to this host?
        case read
    }

    public var purpose: Purpose
    /// The database host's name.
    public var host: String

    public init(purpose: Purpose, host: String) {
        self.purpose = purpose
        self.host = host
    }

    /// Reads `write HOST` or `read HOST`, with or without the line break; nil for anything else.
    public init?(line: some StringProtocol) {
        let text = line.last?.isNewline == true ? String(line.dropLast()) : String(line)
        let words = text.split(separator: " ", omittingEmptySubsequences: false)
        guard words.count == 2, let purpose = Purpose(rawValue: String(words[0])), !words[1].isEmpty else { return nil }
        self.init(purpose: purpose, host: String(words[1]))
    }

    /// Without the line break.
    public var line: String { "\(purpose.rawValue) \(host)" }

    /// What ends a question: a line break, or this, for a server that was added through HAProxy's socket, where a line
    /// break cannot be written.
    public static let terminator = UInt8(ascii: "!")
}

/// What the agent answers to a `RouterQuestion`: `reply`, then it says nothing more on that connection. It is free to
/// close without an answer when it does not know: the last verdict stands then, as it does when the agent is dead or
/// hangs.
public enum RouterVerdict: Sendable, CaseIterable {
    /// New sessions may go there.
    case open
    /// Sessions that are there stay, new ones go elsewhere.
    case drain
    /// No new sessions, and those that are there are cut at once.
    case closed

    /// The exact bytes, in the words of HAProxy's `agent-check`.
    ///
    /// `ready` takes back `maint` and `drain`, `up` takes back a `down`. Closed is `maint`, the state in which servers
    /// also start, and not `down`, so that there is one closed state. Tried with HAProxy 3.0: sessions are cut within
    /// one interval of 250 ms; anything that is not among these words changes nothing.
    public var reply: String {
        switch self {
        case .open: "ready up\n"
        case .drain: "drain\n"
        case .closed: "maint\n"
        }
    }
}

public import TandemBlueprint
public import TandemStack

/// A stack with all that was decided when it was applied. The agents work from this, not from the file that the user
/// may be editing.
public struct AppliedStack: Codable, Sendable, Equatable {
    public var stack: Stack
    /// The stack file, absolute.
    public var stackFile: String
    public var programs: Layout.Programs
    /// Versions of the real servers by name.
    public var versions: [String: String]
    /// nil where each balancer binds its own front sockets.
    public var front: Layout.Front?
    /// Whether the app, its workers and its jobs run as an account of their own on each host. nil, from earlier
    /// versions: not.
    public var hasAppAccount: Bool?

    public init(
        stack: Stack, stackFile: String, programs: Layout.Programs, versions: [String: String],
        front: Layout.Front?, hasAppAccount: Bool? = nil
    ) {
        self.stack = stack
        // They are about the command line alone.
        self.stack.drill = Drill()
        self.stack.ssh = SSHAccess()
        self.stackFile = stackFile
        self.programs = programs
        self.versions = versions
        self.front = front
        self.hasAppAccount = hasAppAccount
    }

    /// The address to open in a browser.
    public var url: String { stack.url }
}

extension AppliedStack {
    /// Where users reach a stack that runs on one machine.
    public var frontAddress: String { stack.listenAddress }

    /// Where the front is asked whether it answers: on hosts of their own that is the first balancer.
    public var frontProbeAddress: String {
        front == nil ? stack.hosts(.balancer).first?.address ?? frontAddress : frontAddress
    }
}

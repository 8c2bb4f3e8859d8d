/// Who decides which database server is the primary.
public enum Leadership: Sendable, Equatable {
    /// The agents, from moment to moment: servers start closed, and routers ask the agent of their host.
    case agents
    /// The generated files, once and for all, because no agent runs.
    /// - partner: the replica whose acknowledgement the primary waits for; nil: it waits for nobody.
    case fixed(primary: String, partner: String?)

    /// Whether the files are the user's own from now on.
    var isFixed: Bool { self != .agents }
}

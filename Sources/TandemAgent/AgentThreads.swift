import NIOCore

/// Threads of an agent's process.
public enum AgentThreads {
    /// An agent answers a few requests each second, on as large a machine as there is: one thread waits for its
    /// sockets, so that what comes at the same moment wakes the machine once. Before anything else of the process uses
    /// the network.
    public static func setUp() { NIOSingletons.groupLoopCountSuggestion = 1 }
}

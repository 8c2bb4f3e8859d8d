import TandemCoordination

/// Whether this host may run a service that one host at a time runs. The owner of the service asks.
protocol RunRight: Sendable {
    /// What the agent may do with the service at this moment. It is decided by this host's clock, without a question to
    /// etcd.
    var now: WorkerClaim.Right { get }

    /// Whether an earlier agent left a claim. What it left running without one was started when every host ran it.
    var isInherited: Bool { get }

    /// Keeps the right, once there is one, until the task is cancelled.
    func keep() async

    /// Returns once the service may be started.
    /// - Throws: `CancellationError`, also when the right was given up for good.
    func wait(_ waitsFor: @Sendable (String) async -> Void) async throws

    /// Lets another host have it. Called when the service has ended here.
    /// - Parameter isForGood: whether this host wants it no more.
    func giveUp(isForGood: Bool) async
}

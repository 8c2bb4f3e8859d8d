extension Task where Failure == Never {
    /// The task's value; nil where it does not come within the bound, or before the caller is cancelled. The task
    /// itself goes on.
    ///
    /// No task group, which would wait for a task that does not heed its cancellation.
    public func value(within bound: Duration) async -> Success? {
        let (values, continuation) = AsyncStream.makeStream(of: Success.self, bufferingPolicy: .bufferingOldest(1))
        let waiter = Task<Void, Never> {
            continuation.yield(await self.value)
            continuation.finish()
        }
        let clock = Task<Void, Never> {
            try? await Task<Never, Never>.sleep(for: bound)
            continuation.finish()
        }
        defer {
            waiter.cancel()
            clock.cancel()
        }
        for await value in values { return value }
        return nil
    }
}

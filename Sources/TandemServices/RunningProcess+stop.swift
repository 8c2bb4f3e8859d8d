import Glibc

extension RunningProcess {
    /// Ends the process: `signal` to it, and after `bound` SIGKILL to everything left of its group.
    ///
    /// Also sweeps what the leader leaves behind, such as nginx's workers, which would go on holding the port.
    /// - Returns: whether it ended within the bound, without SIGKILL.
    @discardableResult
    public func stop(signal number: Int32, bound: Duration) async -> Bool {
        signal(number)
        let isGraceful = await endsWithin(bound)
        if !isGraceful || !groupMembers.isEmpty {
            signalGroup(SIGKILL)
            _ = await endsWithin(.seconds(5))
        }
        return isGraceful
    }

    /// Waits for the end, at most for `bound`.
    public func endsWithin(_ bound: Duration) async -> Bool {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { _ = await self.waitForEnd() }
            group.addTask { try? await Task.sleep(for: bound) }
            await group.next()
            group.cancelAll()
        }
        return hasEnded
    }
}

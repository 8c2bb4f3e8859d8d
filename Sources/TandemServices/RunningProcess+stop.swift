import Glibc

extension RunningProcess {
    /// Ends the process: `signal` to it, and after `bound` SIGKILL to everything left of its group.
    ///
    /// Also sweeps what the leader leaves behind, such as nginx's workers, which would go on holding the port. A stop
    /// that has begun is carried through when the caller's task is cancelled: the process keeps the time it was given.
    /// - Parameter isForGroup: send the signal to the whole group, as for a shell that hands on none.
    /// - Returns: whether it ended within the bound, without SIGKILL.
    @discardableResult
    public func stop(signal number: Int32, isForGroup: Bool = false, bound: Duration) async -> Bool {
        await Task { await self.stopUncancelled(signal: number, isForGroup: isForGroup, bound: bound) }.value
    }

    private func stopUncancelled(signal number: Int32, isForGroup: Bool, bound: Duration) async -> Bool {
        if isForGroup { signalGroup(number) } else { signal(number) }
        let isGraceful = await endsWithin(bound)
        if !isGraceful || !groupMembers.isEmpty { await sweep() }
        return isGraceful
    }

    /// Ends everything that is left of the group, its leader too, and waits until it is gone.
    public func sweep() async {
        await identity.sweepGroup()
        _ = await endsWithin(.seconds(1))
    }

    /// Ends what a leader that died has left behind: it may finish what it carries, but only for `bound`.
    public func sweepOrphans(signal number: Int32, bound: Duration) async {
        await identity.sweepOrphans(signal: number, bound: bound)
    }

    /// Waits for the end, at most for `bound`, or until the task is cancelled.
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

extension ProcessIdentity {
    /// How long the kernel may take to end what got SIGKILL. Only a process that waits for a dead disk takes longer.
    private static let killBound = Duration.seconds(5)

    /// Sends `signal` to what is left of the group, and SIGKILL to what is left after `bound`.
    public func sweepOrphans(signal number: Int32, bound: Duration) async {
        if number != SIGKILL {
            signalGroup(number)
            let deadline = ContinuousClock.now + bound
            while !groupMembers.isEmpty, !Task.isCancelled, ContinuousClock.now < deadline {
                try? await Task.sleep(for: .milliseconds(20))
            }
        }
        await sweepGroup()
    }

    /// Ends everything that is left of the group and waits until it is gone, since ports are free only then.
    public func sweepGroup() async {
        signalGroup(SIGKILL)
        let deadline = ContinuousClock.now + Self.killBound
        while !groupMembers.isEmpty, !Task.isCancelled, ContinuousClock.now < deadline {
            try? await Task.sleep(for: .milliseconds(5))
        }
    }
}

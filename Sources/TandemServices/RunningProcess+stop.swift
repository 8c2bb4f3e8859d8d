import Glibc

extension RunningProcess {
    /// Ends the process and all that it has started: `signal`, and after `bound` SIGKILL to what is left.
    ///
    /// The signal goes to the process alone. What it leaves behind when it ends is told then, and has the rest of the
    /// bound: requests may be in the hands of a child whose parent ended at once. A stop that has begun is carried
    /// through when the caller's task is cancelled: the process keeps the time it was given.
    /// - Returns: whether all of it ended within the bound, without SIGKILL.
    @discardableResult
    public func stop(signal number: Int32, bound: Duration) async -> Bool {
        await Task { await self.stopUncancelled(signal: number, bound: bound) }.value
    }

    private func stopUncancelled(signal number: Int32, bound: Duration) async -> Bool {
        if let hands = identity.hands {
            let answer = await hands.ask(
                .stop(identity, signal: number, boundMilliseconds: bound.milliseconds),
                within: bound + ProcessIdentity.killBound + LauncherClient.answerBound)
            return answer == .ended(inTime: true)
        }
        let deadline = ContinuousClock.now + bound
        // An orphan that is told by SIGKILL has no time to use.
        var seen = Set(identity.family().map(\.stamp))
        if number == SIGKILL {
            signal(number)
        } else {
            seen = await identity.tellToEnd(signal: number, until: deadline)
        }
        let isGraceful = await endsWithin(max(.zero, deadline - .now)) && identity.family(seen: seen).isEmpty
        if !isGraceful { await sweep(seen) }
        return isGraceful
    }

    /// Ends everything that is left of it, its leader too, and waits until it is gone.
    public func sweep() async {
        if identity.hands == nil { await sweep([]) } else { await identity.sweep() }
    }

    private func sweep(_ seen: Set<ProcessStamp>) async {
        await identity.sweep(seen)
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
    fileprivate static let killBound = Duration.seconds(5)

    /// Sends `signal` to what is left of it, and SIGKILL to what is left after `bound`.
    public func sweepOrphans(signal number: Int32, bound: Duration) async {
        if let hands {
            _ = await hands.ask(
                .sweepOrphans(self, signal: number, boundMilliseconds: bound.milliseconds),
                within: bound + Self.killBound + LauncherClient.answerBound)
            return
        }
        var seen = Set(family().map(\.stamp))
        if number != SIGKILL { seen = await tellToEnd(signal: number, until: .now + bound) }
        await sweep(seen)
    }

    /// Ends everything that is left of it and waits until it is gone, since ports are free only then.
    public func sweep() async {
        if let hands {
            _ = await hands.ask(.sweep(self), within: Self.killBound + LauncherClient.answerBound)
        } else {
            await sweep(Set(family().map(\.stamp)))
        }
    }

    func sweep(_ seen: Set<ProcessStamp>) async {
        let deadline = ContinuousClock.now + Self.killBound
        repeat {
            // Again and again: what was just being started is there only a moment later.
            kill(seen: seen)
            if family(seen: seen).isEmpty { return }
            try? await Task.sleep(for: .milliseconds(5))
        } while !Task.isCancelled && ContinuousClock.now < deadline
    }
}

import Logging
import TandemBlueprint
import TandemCoordination
import TandemServices
import TandemTopology

/// A service that one host at a time runs: its process lives only while this host has the right to run it.
extension RestartLoop {
    private static let rightInterval = Duration.milliseconds(100)

    /// Keeps the right and watches it, until the task is cancelled.
    func watch(_ right: any RunRight) async {
        await withDiscardingTaskGroup { group in
            group.addTask { await right.keep() }
            while !Task.isCancelled {
                if let process, !process.hasEnded, case .end(let time) = right.now, stopping == nil || time <= .zero {
                    // Not awaited: the right may be lost altogether while the process still ends in order.
                    group.addTask { await self.endWithoutRight(process, within: time) }
                }
                try? await Task.sleep(for: Self.rightInterval)
            }
        }
    }

    private func endWithoutRight(_ process: RunningProcess, within time: Duration) async {
        if !isRestarting {
            logger.warning("stopping \(status.name) on this host: its claim in etcd could not be renewed")
            isRestarting = true
        }
        if time <= .zero { return await process.sweep() }
        await end(process) { stop in
            _ = await process.stop(signal: stop.signal, bound: min(.seconds(stop.boundSeconds), time))
        }
    }

    /// Waits for the right to start the process.
    func waitForRight() async throws {
        try await hooks.right?.wait { [weak self] reason in await self?.standBy(reason) }
    }

    /// It must be held at the moment of the start, not only when it was last waited for.
    var mayRun: Bool { hooks.right.map { $0.now == .run } ?? true }

    /// Another host runs it, or none can be found out to do so. It is as it should be, as far as this host's settings
    /// go.
    func standBy(_ reason: String) async {
        guard isWanted else { return }
        statement.isSettled = true
        // Of a process that has ended here the next agent is not to make a crash.
        own.forget()
        await set(.waiting, detail: reason)
    }
}

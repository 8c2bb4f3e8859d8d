import Synchronization
import TandemDrill
import TandemServices
import TandemStack

extension DrilledFleet {
    private static let bootPause = Duration.seconds(1)

    func reboot(_ names: [String], bound: Duration) async throws {
        let hosts = stack.hosts.filter { names.contains($0.name) }
        var before: [String: ProcessIdentity] = [:]
        for host in hosts {
            guard let first = try await link(host.name).ask(.boot).process else {
                throw DrillError("\(host.name) does not say when it booted")
            }
            before[host.name] = first
        }
        state.withLock { state in
            state.away.formUnion(names)
            state.booting.formUnion(names)
        }
        defer {
            state.withLock { state in
                state.away.subtract(names)
                state.booting.subtract(names)
            }
        }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for host in hosts {
                group.addTask { try await self.link(host.name).ask(.reboot(try self.all(host.name))) }
            }
            try await group.waitForAll()
        }
        let deadline = ContinuousClock.now + bound
        try await withThrowingTaskGroup(of: Void.self) { group in
            for host in hosts {
                group.addTask { [before] in try await self.meet(host, after: before[host.name], until: deadline) }
            }
            try await group.waitForAll()
        }
    }

    /// Waits until a machine has booted and takes part again.
    private func meet(_ host: Host, after before: ProcessIdentity?, until deadline: ContinuousClock.Instant)
        async throws
    {
        while ContinuousClock.now < deadline {
            try await Task.sleep(for: Self.bootPause)
            guard let link = try? await open(host) else { continue }
            guard let now = try? await link.ask(.boot).process, now != before,
                (try? await link.ask(.begin(breaks: true))) != nil
            else {
                // It is still going down.
                link.end()
                continue
            }
            state.withLock { $0.links.updateValue(link, forKey: host.name) }?.end()
            return
        }
        throw DrillError("\(host.name) was not back in time after it was to boot: look at its console")
    }
}

import Foundation
import TandemAgent
import TandemServices
import TandemStack
import TandemTopology

/// Asks all agents each second while somebody looks, and tells the page.
struct PagePoll: Sendable {
    let project: Project
    let feed: PageFeed
    let board = PageBoard()

    /// Of one question. The next second asks again.
    private static let patience = Duration.seconds(2)
    /// After the questions of a second were sent: most are answered by then.
    private static let pause = Duration.milliseconds(250)
    /// Changes of primary are read from etcd, and so not each second.
    private static let changesInterval = Duration.seconds(15)

    /// Runs until the task is cancelled.
    func run() async throws {
        while !Task.isCancelled {
            let applied = try project.requireApplied()
            await board.keep(applied.stack.hosts.map(\.name))
            let client = try project.agentClient()
            await run(applied, client)
            await client.shutdown()
        }
    }

    /// Until the stack has other hosts.
    private func run(_ applied: AppliedStack, _ client: AgentClient) async {
        await withTaskGroup(of: Void.self) { group in
            let voters = Set(FailoverSession.hosts(of: applied.stack).map(\.name))
            for host in applied.stack.hosts {
                group.addTask {
                    await whileLooked { await ask(host, isVoter: voters.contains(host.name), client) }
                }
            }
            group.addTask { await readChanges(applied, client) }
            group.addTask { await publish(applied) }
            // The publisher alone ends by itself.
            await group.next()
            group.cancelAll()
        }
    }

    /// Each second while the page is shown somewhere, until the task is cancelled.
    private func whileLooked(_ body: () async -> Void) async {
        while !Task.isCancelled {
            if feed.hasListeners { await body() }
            try? await Ticks.next(every: .seconds(1))
        }
    }

    private func ask(_ host: Host, isVoter: Bool, _ client: AgentClient) async {
        let after = await board.after(host.name)
        async let topology = try? client.topology(from: host, timeout: Self.patience)
        async let failover = isVoter ? try? client.failover(of: host, timeout: Self.patience) : nil
        async let statistics = try? client.statistics(of: host, timeout: Self.patience)
        async let timeline = try? client.timeline(of: host, after: after, timeout: Self.patience)
        guard let status = try? await client.status(of: host, timeout: Self.patience) else { return }
        await board.hear(
            host.name, status: status, topology: topology, failover: failover, statistics: statistics,
            timeline: timeline)
    }

    private func readChanges(_ applied: AppliedStack, _ client: AgentClient) async {
        var (epoch, readAt) = (0, ContinuousClock.now - Self.changesInterval)
        await whileLooked {
            let newest = await board.epoch
            guard newest != epoch || .now - readAt > Self.changesInterval else { return }
            for host in FailoverSession.hosts(of: applied.stack) {
                guard
                    let changes = try? await client.failoverHistory(of: host, count: 20, timeout: Self.patience)
                else { continue }
                await board.hear(changes)
                // The new primary writes down when it was open some moments later.
                if changes.first?.steps?["opened"] != nil { epoch = newest }
                readAt = .now
                return
            }
        }
    }

    private func publish(_ applied: AppliedStack) async {
        var wasLooked = false
        var greets = ContinuousClock.now
        var greeted: Set<Int> = []
        while !Task.isCancelled {
            try? await Ticks.next(every: .seconds(1))
            try? await Task.sleep(for: Self.pause)
            guard let now = project.applied, now.stack.hosts == applied.stack.hosts else { return }
            let listeners = feed.numbers
            if listeners.isEmpty {
                wasLooked = false
                greeted = []
                continue
            }
            if !wasLooked { greets = .now }
            wasLooked = true
            let isKnown = await board.hasHeard(of: applied.stack.hosts)
            guard isKnown || .now - greets > PageAssembly.patience else { continue }
            let assembly = await board.assembly(now, StackKeeping.load(project.folder))
            if !listeners.subtracting(greeted).isEmpty, let hour = Self.event("hour", PageHourText(assembly.hour)) {
                feed.tell(hour, listeners.subtracting(greeted))
            }
            greeted = listeners
            if let state = Self.event("state", assembly.state) { feed.tell(state, listeners) }
        }
    }

    /// As server-sent events are written.
    private static func event(_ name: String, _ value: some Encodable) -> String? {
        (try? JSONText.encode(value, isPretty: false, keys: .convertToSnakeCase)).map {
            "event: \(name)\ndata: \($0)\n"
        }
    }
}

/// The first event that a page gets.
private struct PageHourText: Encodable {
    var points: [PagePoint]

    init(_ hour: PageHour) { points = hour.points(after: hour.now - TrafficRing.hour) }
}

import Foundation
import TandemAgent
import TandemServices
import TandemStack
import TandemTopology

/// Asks all agents each second while somebody looks, and tells the page.
package struct PagePoll: Sendable {
    package let project: Project
    let feed: PageFeed
    let board = PageBoard()

    package init(project: Project, feed: PageFeed) {
        self.project = project
        self.feed = feed
    }

    /// After the questions of a second were sent: most are answered by then.
    private static let pause = Duration.milliseconds(250)

    /// Runs until the task is cancelled.
    package func run() async throws {
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
                let poll = HostPoll(
                    host: host, isVoter: voters.contains(host.name), source: client, board: board,
                    isLooked: { feed.hasListeners })
                group.addTask { await poll.run() }
            }
            group.addTask { await readChanges(applied, client) }
            group.addTask { await publish(applied) }
            // The publisher alone ends by itself.
            await group.next()
            group.cancelAll()
        }
    }

    private func readChanges(_ applied: AppliedStack, _ client: AgentClient) async {
        var reading = ChangesReading()
        while !Task.isCancelled {
            if feed.hasListeners, reading.isDue(epoch: await board.epoch, now: .now),
                let changes = await Self.changes(applied, client)
            {
                await board.hear(changes)
                reading.hear(changes.first)
            }
            try? await Ticks.next(every: .seconds(1))
        }
    }

    /// From the first agent that answers.
    private static func changes(_ applied: AppliedStack, _ client: AgentClient) async -> [FailoverChange]? {
        for host in FailoverSession.hosts(of: applied.stack) {
            let changes = try? await client.failoverHistory(of: host, count: 20, timeout: HostPoll.patience)
            if let changes { return changes }
        }
        return nil
    }

    private func publish(_ applied: AppliedStack) async {
        var wasLooked = false
        var greets = ContinuousClock.now
        var told = HoursTold()
        while !Task.isCancelled {
            try? await Ticks.next(every: .seconds(1))
            try? await Task.sleep(for: Self.pause)
            guard let now = project.applied, now.stack.hosts == applied.stack.hosts else { return }
            let listeners = feed.numbers
            if listeners.isEmpty {
                wasLooked = false
                told = HoursTold()
                continue
            }
            if !wasLooked { greets = .now }
            wasLooked = true
            let isKnown = await board.hasHeard(of: applied.stack.hosts)
            guard isKnown || .now - greets > PageAssembly.patience else { continue }
            let assembly = await board.assembly(now, StackKeeping.load(project.folder))
            let due = told.next(listeners, revision: assembly.hour.revision, now: .now)
            if !due.isEmpty, let hour = Self.event("hour", PageHourText(assembly.hour)) { feed.tell(hour, due) }
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

/// The first event that a page gets, and again when it is no longer right.
private struct PageHourText: Encodable {
    var points: [PagePoint]

    init(_ hour: PageHour) { points = hour.points(after: hour.now - TrafficRing.hour) }
}

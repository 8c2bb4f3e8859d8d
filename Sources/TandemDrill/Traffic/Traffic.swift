import Synchronization
import TandemStack

/// The visitors of a drill. Each waits for its answer before it asks again; a turn that it missed is not made up for.
public struct Traffic: Sendable {
    let plan: TrafficPlan
    let ledger: Ledger
    let door: any FrontDoor
    private let ending = Ending()

    public init(plan: TrafficPlan, ledger: Ledger, door: any FrontDoor) {
        self.plan = plan
        self.ledger = ledger
        self.door = door
    }

    private final class Ending: Sendable {
        let isWanted = Mutex(false)
    }

    /// Has the visitors end their requests and go.
    public func stop() { ending.isWanted.withLock { $0 = true } }

    private var isStopping: Bool { ending.isWanted.withLock { $0 } || Task.isCancelled }

    /// Runs until `stop`, and until what was under way has ended; cancelled it ends at once.
    public func run() async {
        await withDiscardingTaskGroup { group in
            for place in 0..<plan.clients { group.addTask { await visit(place) } }
        }
    }

    private func visit(_ place: Int) async {
        let client = door.visitor()
        let isWriter = place < plan.writers
        // Spread over the first interval, so that they do not ask in step.
        var next = ContinuousClock.now + plan.interval * (Double(place) / Double(plan.clients))
        var turn = place
        var written: Int?
        while !isStopping {
            try? await Task.sleep(until: next, clock: .continuous)
            if isStopping { break }
            if isWriter, let write = plan.write {
                if let number = written, let path = write.reread {
                    await reread(path, number, client)
                    written = nil
                } else {
                    written = await post(write, client)
                }
            } else if !plan.reads.isEmpty {
                await read(plan.reads[turn % plan.reads.count], client)
            }
            turn += 1
            next = max(next + plan.interval, .now)
        }
        await client.shutdown()
    }

    private func read(_ path: String, _ client: any VisitorClient) async {
        guard let ticket = ledger.begin(.read) else { return }
        await finish(ticket, path, nil, client) { Outcome.ofRead($0, $1) }
    }

    private func reread(_ path: String, _ number: Int, _ client: any VisitorClient) async {
        guard let ticket = ledger.begin(.reread) else { return }
        let text = ledger.marker.text(number)
        await finish(ticket, ledger.marker.fill(path, number: number), text, client) { Outcome.ofReread($0, $1) }
    }

    private func finish(
        _ ticket: Ledger.Ticket, _ path: String, _ text: String?, _ client: any VisitorClient,
        outcome: (Attempt, Attempt?) -> Outcome
    ) async {
        let first = await client.get(path, expecting: text, isAnew: false)
        var second: Attempt?
        if Outcome.isRepeatable(first), !Task.isCancelled {
            second = await client.get(path, expecting: text, isAnew: true)
        }
        if Task.isCancelled { return ledger.drop(ticket) }
        let words = "GET \(path): \(first)" + (second.map { ", then \($0)" } ?? "")
        let result = outcome(first, second)
        ledger.end(ticket, result, words: result == .good ? nil : words)
    }

    /// - Returns: the number, where it was acknowledged.
    private func post(_ write: Drill.Write, _ client: any VisitorClient) async -> Int? {
        guard let ticket = ledger.begin(.write), let number = ticket.number else { return nil }
        let body = ledger.marker.fill(write.body, number: number)
        let attempt = await client.post(
            ledger.marker.fill(write.path, number: number), body: body, contentType: write.contentType)
        let result = Outcome.ofWrite(attempt)
        ledger.end(
            ticket, result, words: result == .good ? nil : "POST \(write.path) number \(number): \(attempt)")
        return result == .good ? number : nil
    }
}

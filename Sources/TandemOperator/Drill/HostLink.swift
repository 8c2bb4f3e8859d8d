import Dispatch
import Foundation
import Glibc
import Synchronization
import TandemDrill
import TandemFleet
import TandemStack

/// A drill's way to the part of it that is on one host.
final class HostLink: Sendable {
    private struct State {
        var nextID = 1
        var waiting: [Int: CheckedContinuation<HostAnswer?, Never>] = [:]
        var received: [UInt8] = []
        var isOver = false
    }

    let name: String
    private let state = Mutex(State())
    private let process: Process
    private let input: FileHandle
    /// Writes in turn, and waits where a host does not read: nothing else has to.
    private let writer = DispatchQueue(label: "tandem.drill.link")

    private static let mostLineBytes = 4 << 20
    static let patience = Duration.seconds(20)

    init(_ session: HostSession, _ command: [String]) throws {
        name = session.host.name
        process = session.process(command)
        let (orders, answers) = (Pipe(), Pipe())
        process.standardInput = orders
        process.standardOutput = answers
        process.standardError = FileHandle.nullDevice
        input = orders.fileHandleForWriting
        // What is started later would keep the connection open.
        _ = fcntl(input.fileDescriptor, F_SETFD, FD_CLOEXEC)
        answers.fileHandleForReading.readabilityHandler = { [weak self] handle in
            let data = handle.availableData
            self?.receive(data)
            if data.isEmpty || self?.isOver != false { handle.readabilityHandler = nil }
        }
        try process.run()
    }

    /// Whether nobody answers any more.
    var isOver: Bool { state.withLock { $0.isOver } }

    /// The host undoes what is left when it hears no more.
    func end() {
        giveUp()
        writer.async { [input] in try? input.close() }
    }

    /// Nobody is answered any more.
    private func giveUp() {
        let left = state.withLock { state in
            state.isOver = true
            state.received = []
            defer { state.waiting = [:] }
            return state.waiting.values
        }
        for continuation in left { continuation.resume(returning: nil) }
    }

    /// - Throws: `DrillError` where it could not be done, or nobody says whether it was.
    @discardableResult
    func ask(_ work: HostOrder.Work, within bound: Duration = patience) async throws -> HostAnswer {
        let id = state.withLock { state in
            defer { state.nextID += 1 }
            return state.nextID
        }
        let timer = Task { [weak self] in
            guard (try? await Task.sleep(for: bound)) != nil else { return }
            self?.give(id, nil)
        }
        defer { timer.cancel() }
        let answer: HostAnswer? = await withCheckedContinuation { continuation in
            let isOver = state.withLock { state in
                if !state.isOver { state.waiting[id] = continuation }
                return state.isOver
            }
            if isOver { continuation.resume(returning: nil) } else { send(HostOrder(id: id, work: work)) }
        }
        guard let answer else {
            throw DrillError("\(name) does not answer the drill")
        }
        if let failure = answer.failure { throw DrillError("\(name): \(Terminal.printable(failure))") }
        return answer
    }

    private func send(_ order: HostOrder) {
        guard var line = try? JSONEncoder().encode(order) else { return give(order.id, nil) }
        line.append(UInt8(ascii: "\n"))
        writer.async { [weak self, line] in
            guard let self, !isOver else { return }
            if (try? input.write(contentsOf: line)) == nil { give(order.id, nil) }
        }
    }

    private func give(_ id: Int, _ answer: HostAnswer?) {
        state.withLock { $0.waiting.removeValue(forKey: id) }?.resume(returning: answer)
    }

    /// - Parameter data: nothing at its end.
    private func receive(_ data: Data) {
        let (lines, isOver) = state.withLock { state -> ([Data], Bool) in
            guard !state.isOver else { return ([], true) }
            state.received += data
            var lines: [Data] = []
            while let end = state.received.firstIndex(of: UInt8(ascii: "\n")) {
                lines.append(Data(state.received[..<end]))
                state.received.removeSubrange(...end)
            }
            return (lines, data.isEmpty || state.received.count > Self.mostLineBytes)
        }
        for line in lines {
            guard let answer = try? JSONDecoder().decode(HostAnswer.self, from: line) else { continue }
            give(answer.id, answer)
        }
        if isOver { giveUp() }
    }
}

import Foundation
import Glibc
import Synchronization
import TandemAgent
import TandemDrill
import TandemServices
import TandemStack

/// The part of a drill that is on a host of its own, as root: does what the drill asks for, line by line, and undoes
/// what is left when nobody asks any more.
package final class HostDrill: Sendable {
    let stack: LocalDrilledStack
    let hands: HostDrillHands
    private let output = Mutex(FileHandle.standardOutput)

    private static let mostLineBytes = 1 << 20
    private static let signals: Set<Int32> = [SIGKILL, SIGCONT, SIGSTOP]

    package init(project: Project, applied: AppliedStack, client: AgentClient, host: String) {
        stack = LocalDrilledStack(project: project, applied: applied, client: client)
        hands = HostDrillHands(stack: applied.stack, host: host)
    }

    /// Takes orders until there are no more. A drill that only lists what there is undoes nothing of another one.
    package func run() async throws {
        var hasBegun = false
        try await stack.watched { stack in
            await withDiscardingTaskGroup { group in
                for await line in Self.lines {
                    guard let order = try? JSONDecoder().decode(HostOrder.self, from: line) else { continue }
                    if case .begin(breaks: true) = order.work { hasBegun = true }
                    if order.isBeside {
                        group.addTask { self.answer(await self.carryOut(order, stack)) }
                    } else {
                        // One after the other: what wakes a process is not to overtake what froze it.
                        answer(await carryOut(order, stack))
                    }
                }
                // Before what is under way has ended: by then another drill may have begun.
                if hasBegun { await hands.undoAll() }
                group.cancelAll()
            }
        }
    }

    private func answer(_ answer: HostAnswer) {
        guard var line = try? JSONEncoder().encode(answer) else { return }
        line.append(UInt8(ascii: "\n"))
        // It fails when the drill has ended: then nobody reads it.
        output.withLock { try? $0.write(contentsOf: line) }
    }

    private func carryOut(_ order: HostOrder, _ stack: LocalDrilledStack) async -> HostAnswer {
        var answer = HostAnswer(id: order.id)
        do {
            try await carryOut(order.work, stack, &answer)
        } catch {
            answer.failure = "\(error)"
        }
        return answer
    }

    private func carryOut(_ work: HostOrder.Work, _ stack: LocalDrilledStack, _ answer: inout HostAnswer) async throws {
        switch work {
        case .begin(let breaks):
            if breaks { await hands.undoAll() }
            answer.authority = try String(contentsOfFile: stack.project.folder.caFile, encoding: .utf8)
        case .ping: break
        case .look: answer.look = await stack.look()
        case .firing: answer.alerts = await stack.firing()
        case .restart(let service, let host): try await stack.restart(service, on: host)
        case .restartApp: try await stack.restartApp()
        case .switchOver: try await stack.switchOver()
        case .find(let pid):
            // The number comes from an agent, which is not root and must not choose whom root ends.
            guard hands.isOwn(pid) else { throw DrillError("process \(pid) is none of the stack's") }
            answer.process = await LocalPlace().find(pid, host: nil)
        case .signal(let number, let process):
            guard Self.signals.contains(number), hands.isOwn(process.pid) || !process.isAlive else {
                throw DrillError("process \(process.pid) is none of the stack's")
            }
            await LocalPlace().signal(number, to: process, host: nil)
        case .state(let process): answer.state = await LocalPlace().state(of: process, host: nil)
        case .thawLater(let processes, let seconds): try await hands.thawLater(processes, seconds: seconds)
        case .forgetThaw: await hands.forgetThaw()
        case .cut(let cut, let seconds): try await hands.cut(cut, seconds: seconds)
        case .undoCut: answer.proof = try await hands.undoCut()
        case .keepDown(let seconds): try await hands.keepDown(seconds: seconds)
        case .isDown: answer.isDown = await hands.isDown
        case .letUp: try await hands.letUp()
        case .boot: answer.process = ProcessIdentity(pid: 1)
        case .reboot(let cut): try await hands.reboot(cut)
        }
    }

    /// The lines of standard input, read on a thread of their own, until there are no more, or none came for long.
    private static var lines: AsyncStream<Data> {
        AsyncStream { continuation in
            Thread.detachNewThread {
                let silence = Int32(HostOrder.mostSilence / .milliseconds(1))
                var buffer: [UInt8] = []
                var chunk = [UInt8](repeating: 0, count: 8192)
                while buffer.count <= mostLineBytes {
                    var poller = pollfd(fd: STDIN_FILENO, events: Int16(POLLIN), revents: 0)
                    let ready = poll(&poller, 1, silence)
                    if ready < 0, errno == EINTR { continue }
                    guard ready > 0 else { break }
                    let count = read(STDIN_FILENO, &chunk, chunk.count)
                    if count < 0, errno == EINTR { continue }
                    guard count > 0 else { break }
                    buffer += chunk[..<count]
                    while let end = buffer.firstIndex(of: UInt8(ascii: "\n")) {
                        continuation.yield(Data(buffer[..<end]))
                        buffer.removeSubrange(...end)
                    }
                }
                continuation.finish()
            }
        }
    }
}

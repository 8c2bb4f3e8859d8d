import Foundation
import Synchronization
import TandemFailover

/// Ends the server of an agent that gets no time to close it (rule 9).
///
/// The driver decides on the threads that all of the agent's tasks share: where one of them loops, or all wait, it does
/// not decide at all, and a primary that was deposed would show its clients old data without end. So a thread of its
/// own looks at the time by which the server has to be closed, which the driver moves on with each event, and kills the
/// server when it has passed. It needs nothing but the clock and a signal: SIGKILL loses no acknowledged write.
///
/// It does not help where the whole process is frozen or has ended. Then nobody hears this host's agent, and its
/// partner closes the server over SQL (`agentPatience`).
final class FenceWatchdog: Sendable {
    private struct State {
        var due: ContinuousClock.Instant?
        var isOver = false
    }

    /// The longest time between two looks at the clock. What is due sooner than that is looked at when it is due; the
    /// driver sets nothing that is due within less.
    private static let interval = Duration.seconds(1)
    private let state = Mutex(State())
    private let kill: @Sendable () -> Void

    /// - Parameter kill: SIGKILL to the server, if it runs. Called on the watchdog's thread.
    init(kill: @escaping @Sendable () -> Void) { self.kill = kill }

    func start() {
        let thread = Thread { [self] in
            while !state.withLock({ $0.isOver }) {
                let due = state.withLock { $0.due }
                let pause = due.map { min(Self.interval, max(.milliseconds(10), ContinuousClock.now.duration(to: $0))) }
                Thread.sleep(forTimeInterval: (pause ?? Self.interval) / .seconds(1))
                let isDue = state.withLock { state in
                    guard !state.isOver, let due = state.due, due < .now else { return false }
                    state.due = nil
                    return true
                }
                if isDue { kill() }
            }
        }
        thread.name = "tandem fence"
        thread.start()
    }

    /// - Parameter due: by when to end the server, unless this is called again; nil: never.
    func set(_ due: ContinuousClock.Instant?) { state.withLock { $0.due = due } }

    /// The thread ends within a moment, without killing anything.
    func stop() {
        state.withLock { state in
            state.isOver = true
            state.due = nil
        }
    }
}

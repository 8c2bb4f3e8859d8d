import CMariaDB
import Dispatch
import Glibc
import Synchronization

/// Runs one connection's jobs, one after another, on a thread that belongs to it: libmariadb blocks while it waits for
/// the server, and must not block a thread that other tasks need.
///
/// After `retire` the thread ends as soon as it has nothing to do. A job that comes later still (a second `close`, say)
/// gets a short-lived thread.
final class ConnectionThread: SerialExecutor {
    private enum Job {
        case task(UnownedJob)
        case work(@Sendable () -> Void)
    }

    private struct State {
        var jobs: [Job] = []
        /// Who runs the jobs at the moment.
        var thread: pthread_t?
        /// The last thread that was started, until it is joined or let go.
        var handle: pthread_t?
        var hasThread = false
        var isParked = false
        var isRetired = false
    }

    private enum Need { case nothing, wake, thread }

    private static let stackBytes = 512 << 10
    private let state = BriefLock(State())
    private let wake = DispatchSemaphore(value: 0)

    private let name: String

    /// - Parameter server: where the connection leads; the end of it becomes part of the thread's name.
    init(server: String) throws(MySQLError) {
        name = "my:\(server.suffix(12))"
        state.withLock { $0.hasThread = true }
        let failure = startThread()
        guard failure == 0 else {
            throw MySQLError(
                code: .outOfResources,
                message: "a thread for the connection could not be started: \(String(cString: strerror(failure)))")
        }
    }

    deinit { if let handle = state.withLock({ $0.handle }) { pthread_detach(handle) } }

    func enqueue(_ job: consuming ExecutorJob) { add(.task(UnownedJob(job))) }

    /// Runs the closure on the thread, after what is queued already. In it, actors on this executor may assume that
    /// they are isolated.
    func run(_ work: @escaping @Sendable () -> Void) { add(.work(work)) }

    func checkIsolated() {
        let isHere = state.withLock { state in state.thread.map { pthread_equal($0, pthread_self()) != 0 } ?? false }
        precondition(isHere, "not on the connection's thread")
    }

    private func add(_ job: Job) {
        // The job may hold the last reference to the connection, and have run before this returns: then all that is
        // touched below would be gone. The runtime, which asks for this, keeps no executor alive. By way of a plain
        // pointer, so that the retain is not optimised away.
        let own = Unmanaged.passRetained(self).toOpaque()
        defer { Unmanaged<ConnectionThread>.fromOpaque(own).release() }
        let need = state.withLock { state -> Need in
            state.jobs.append(job)
            if !state.hasThread {
                state.hasThread = true
                return .thread
            }
            defer { state.isParked = false }
            return state.isParked ? .wake : .nothing
        }
        switch need {
        case .nothing: break
        case .wake: wake.signal()
        case .thread: if startThread() != 0 { DispatchQueue.global().async { self.runJobs() } }
        }
    }

    /// Lets the thread end once its queue is empty.
    func retire() {
        let isParked = state.withLock { state in
            state.isRetired = true
            defer { state.isParked = false }
            return state.isParked
        }
        if isParked { wake.signal() }
    }

    /// Waits until a retired thread is gone.
    ///
    /// A thread that is only about to end still gives back what OpenSSL keeps for it. When the process exits in that
    /// moment, it does so a second time.
    func join() async {
        let handle = state.withLock { state in
            defer { state.handle = nil }
            return state.handle
        }
        guard let handle else { return }
        await withCheckedContinuation { continuation in
            DispatchQueue.global().async {
                pthread_join(handle, nil)
                continuation.resume()
            }
        }
    }

    private func startThread() -> Int32 {
        var attributes = pthread_attr_t()
        pthread_attr_init(&attributes)
        defer { pthread_attr_destroy(&attributes) }
        pthread_attr_setstacksize(&attributes, Self.stackBytes)
        let context = Unmanaged.passRetained(self)
        var thread = pthread_t()
        let failure = pthread_create(
            &thread, &attributes,
            { context in
                guard let context else { return nil }
                Unmanaged<ConnectionThread>.fromOpaque(context).takeRetainedValue().runJobs()
                return nil
            }, context.toOpaque())
        guard failure == 0 else {
            context.release()
            return failure
        }
        let last = state.withLock { [thread] state in
            defer { state.handle = thread }
            return state.handle
        }
        if let last { pthread_detach(last) }
        return 0
    }

    private func runJobs() {
        cmariadb_name_thread(name)
        mysql_thread_init()
        state.withLock { $0.thread = pthread_self() }
        var jobs: [Job] = []
        while nextJobs(&jobs) {
            for job in jobs {
                switch job {
                case .task(let job): job.runSynchronously(on: asUnownedSerialExecutor())
                case .work(let work): work()
                }
            }
        }
        mysql_thread_end()
    }

    /// Takes what is queued, waiting for it if need be.
    ///
    /// - Parameter jobs: those that are done; the array's memory is used again.
    /// - Returns: false when the thread shall end.
    private func nextJobs(_ jobs: inout [Job]) -> Bool {
        jobs.removeAll(keepingCapacity: true)
        while true {
            let mayGoOn = state.withLock { state in
                if !state.jobs.isEmpty {
                    swap(&state.jobs, &jobs)
                    return true
                }
                if state.isRetired {
                    state.hasThread = false
                    state.thread = nil
                } else {
                    state.isParked = true
                }
                return !state.isRetired
            }
            guard mayGoOn else { return false }
            if !jobs.isEmpty { return true }
            wake.wait()
        }
    }
}

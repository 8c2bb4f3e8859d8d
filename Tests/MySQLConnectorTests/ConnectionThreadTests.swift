import Testing

@testable import MySQLConnector

@Suite("A connection's thread")
struct ConnectionThreadTests {
    private actor Owner {
        nonisolated let thread: ConnectionThread
        nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

        init() throws { thread = try ConnectionThread(server: "test") }

        func nothing() {}
    }

    /// The job holds the last reference to what it runs on. It may have run, and all be gone, before the thread that
    /// was started for it is noted by whoever started it. With MALLOC_PERTURB_=165 in the environment (mallopt(3)) that
    /// crashes each time.
    @Test("may be gone as soon as its last job has run, also for whoever asks for that job")
    func lastJob() async throws {
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<8 {
                group.addTask {
                    for _ in 0..<500 {
                        guard let owner = try? Owner() else { continue }
                        owner.thread.retire()
                        await owner.nothing()
                        // The thread has ended, or is about to: the next job gets another one.
                        Task { await owner.nothing() }
                    }
                }
            }
        }
    }
}

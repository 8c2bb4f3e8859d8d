import Foundation
import Logging
import Synchronization
import Testing

@testable import TandemAgent

@Suite("Certificates of mysqld")
struct CertificateWatchTests {
    @Test("are read anew once their files change, and again until the server has read them", .timeLimit(.minutes(3)))
    func reloads() async throws {
        let file = NSTemporaryDirectory() + "/certificate-\(UInt32.random(in: 0 ... .max)).pem"
        try "old".write(toFile: file, atomically: true, encoding: .utf8)
        defer { try? FileManager.default.removeItem(atPath: file) }
        let (reloads, continuation) = AsyncStream<Int>.makeStream()
        let count = Mutex(0)
        let watch = CertificateWatch(files: [file], logger: Logger(label: "test")) {
            let number = count.withLock { count in
                count += 1
                return count
            }
            continuation.yield(number)
            struct Away: Error {}
            if number == 1 { throw Away() }
        }
        let running = Task { await watch.run() }
        defer { running.cancel() }
        // It has looked at the old file by then, or looks at the new one first: so the file is changed until it is
        // seen.
        var seen = 0
        for _ in 0..<20 where seen == 0 {
            try await Task.sleep(for: CertificateWatch.interval)
            // With the lock, so that it is not seen between the question and another change.
            seen = try count.withLock { count in
                if count == 0 { try "new \(UUID())".write(toFile: file, atomically: true, encoding: .utf8) }
                return count
            }
        }
        var iterator = reloads.makeAsyncIterator()
        #expect(await iterator.next() == 1)
        #expect(await iterator.next() == 2)
        // Nothing has changed since: no third time.
        try await Task.sleep(for: CertificateWatch.interval * 3)
        #expect(count.withLock { $0 } == 2)
    }
}

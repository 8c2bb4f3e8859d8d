import Testing

@testable import TandemAgent

@Suite("Why a program ended, from its last words")
struct FailureCauseTests {
    private func cause(_ lines: String...) -> String? { FailureCause.find(in: lines, folder: "/stacks/shop/hosts/one") }

    @Test("a full disk, a taken address, foreign files and damaged data are recognised, with what to do")
    func known() throws {
        let full = try #require(cause("MY-012929 InnoDB Database creation was aborted with error Out of disk space."))
        #expect(full.contains("the disk is full") && full.contains("/stacks/shop/hosts/one"))
        let taken = try #require(cause("nginx: [emerg] bind() to 127.1.2.3:4443 failed (98: Address already in use)"))
        #expect(taken.contains("another program listens"))
        let foreign = try #require(cause("mysqld: File './binlog.index' not found (OS errno 13 - Permission denied)"))
        #expect(foreign.contains("belong to the user"))
        let damaged = try #require(cause("[ERROR] [MY-010334] [Server] Failed to initialize DD Storage Engine"))
        #expect(damaged.contains("is damaged"))
    }

    @Test("of a full disk that damages data the first is named")
    func order() throws {
        #expect(try #require(cause("checksum mismatch", "No space left on device")).contains("the disk is full"))
    }

    @Test("nothing is made up about words that nobody knows")
    func unknown() {
        #expect(cause("Traceback (most recent call last):", "KeyError: 'DATABASE'") == nil)
        #expect(cause() == nil)
    }
}

import StackFuzz
import TandemTopology
import Testing

@Suite("What follows from the words of several agents")
struct MemberWordsTests {
    private static let hosts = ["server1", "server2", "server3"]

    private func word(
        _ host: String, _ role: DatabaseMember.Role, _ state: DatabaseMember.State, epoch: Int?, lag: Double? = 0
    ) -> DatabaseMember {
        DatabaseMember(
            host: host, address: "127.1.1.1", port: 3306, role: role, state: state, epoch: epoch,
            lagSeconds: role == .replica ? lag : nil)
    }

    private func writable(_ words: MemberWords) -> [String] { Self.hosts.filter(words.takesWrites) }

    @Test("a word stands while its agent is silent, but not against a higher epoch")
    func silence() {
        var words = MemberWords()
        words.hear(word("server1", .primary, .open, epoch: 1))
        words.hear(word("server2", .replica, .streaming, epoch: 1))
        #expect(writable(words) == ["server1"])
        words.hear(word("server2", .replica, .disconnected, epoch: 1))
        #expect(writable(words) == ["server1"])
        words.hear(word("server2", .primary, .starting, epoch: 2))
        #expect(writable(words).isEmpty)
        words.hear(word("server2", .primary, .open, epoch: 2))
        #expect(writable(words) == ["server2"])
    }

    @Test("agents that tell of no epoch are of the first")
    func withoutEpoch() {
        var words = MemberWords()
        words.hear(word("server1", .primary, .waiting, epoch: nil))
        words.hear(word("server2", .replica, .streaming, epoch: 1))
        #expect(writable(words) == ["server1"])
        words.hear(word("server2", .replica, .streaming, epoch: 2))
        #expect(writable(words).isEmpty)
    }

    @Test("where two say that they lead in one epoch, nobody is written to")
    func twoClaims() {
        var words = MemberWords()
        words.hear(word("server1", .primary, .open, epoch: 2))
        words.hear(word("server2", .primary, .open, epoch: 2))
        #expect(writable(words).isEmpty && words.primary == nil)
        words.hear(word("server1", .replica, .starting, epoch: 2))
        #expect(writable(words) == ["server2"])
    }

    @Test("reads leave who led before and who lost it; a replica that still streams goes on")
    func reads() {
        func reads(_ member: DatabaseMember, after epoch: Int) -> Bool {
            var words = MemberWords(epoch: epoch)
            words.hear(member)
            return words.servesReads(member.host, lagBoundSeconds: 10)
        }
        #expect(reads(word("server1", .primary, .open, epoch: 1), after: 0))
        #expect(!reads(word("server1", .primary, .open, epoch: 1), after: 2))
        #expect(reads(word("server1", .replica, .disconnected, epoch: 2), after: 2))
        #expect(!reads(word("server1", .replica, .disconnected, epoch: 1), after: 2))
        #expect(reads(word("server1", .replica, .streaming, epoch: 1), after: 2))
        #expect(!reads(word("server1", .replica, .streaming, epoch: 1, lag: 11), after: 2))
        #expect(!MemberWords().servesReads("server1", lagBoundSeconds: 10))
    }

    @Test("a server that is about to stop keeps the clients that it has")
    func closing() {
        var words = MemberWords()
        var member = word("server1", .primary, .open, epoch: 1)
        member.isClosing = true
        words.hear(member)
        #expect(words.takesWrites("server1") && words.servesReads("server1", lagBoundSeconds: 10))
        #expect(words.primary?.takesWrites == false)
    }

    /// What agents say over a history of changes of primary, heard in any order, late, twice or not at all.
    @Test(
        "in whatever order words come, never are two open for writes, and never one of an epoch before the newest heard"
    )
    func anyOrder() {
        let seed = SeededRandom.seedOfThisRun
        print("words of agents: TANDEM_TEST_SEED=\(seed)")
        var random = SeededRandom(seed: seed)
        let states: [DatabaseMember.State] = [.starting, .waiting, .open, .stopped, .failed]
        for _ in 0..<3000 {
            let epochs = Int.random(in: 1...5, using: &random)
            let primaries = (0..<epochs).map { _ in Self.hosts.randomElement(using: &random) ?? "" }
            let said: [DatabaseMember] = (0..<30).map { _ in
                let epoch = Int.random(in: 1...epochs, using: &random)
                let host = Self.hosts.randomElement(using: &random) ?? ""
                let isPrimary = primaries[epoch - 1] == host
                return word(
                    host, isPrimary ? .primary : .replica,
                    isPrimary ? states.randomElement(using: &random) ?? .open : .streaming,
                    epoch: epoch == 1 && Bool.random(using: &random) ? nil : epoch)
            }
            var words = MemberWords()
            var newest = 0
            for member in said {
                words.hear(member)
                newest = max(newest, member.knownEpoch)
                let open = writable(words)
                #expect(open.count <= 1, "TANDEM_TEST_SEED=\(seed)")
                #expect(open.allSatisfy { $0 == primaries[newest - 1] }, "TANDEM_TEST_SEED=\(seed)")
                // And it is open where its last word is of that epoch, and says so.
                let leader = words[primaries[newest - 1]]
                let isOpen = leader?.knownEpoch == newest && leader?.takesWrites == true
                #expect(open.isEmpty != isOpen, "TANDEM_TEST_SEED=\(seed)")
            }
        }
    }
}

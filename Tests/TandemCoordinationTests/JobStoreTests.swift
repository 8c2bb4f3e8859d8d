import Foundation
import Testing

import EtcdTestServer
@testable import TandemCoordination

/// With a real etcd: who runs a scheduled job.
@Suite(.serialized, .timeLimit(.minutes(5))) struct JobStoreTests {
    private static let bound = Duration.seconds(600)
    private static let noon = 1_795_867_200

    private func run(_ host: String, due: Int? = noon) -> JobRun {
        JobRun(id: UUID().uuidString, host: host, due: due, began: Self.noon + 1)
    }

    private func ended(_ run: JobRun, _ outcome: JobRun.Outcome = .exited(status: 0)) -> JobRun {
        var run = run
        run.ended = Self.noon + 5
        run.outcome = outcome
        return run
    }

    private func store(_ client: EtcdClient) -> JobStore {
        JobStore(client, stack: "shop", deadline: .seconds(20), pause: .milliseconds(50))
    }

    @Test func ofTwentyClaimersOfADueTimeOneWins() async throws {
        try await TestEtcd.with { etcd in
            try await etcd.withClient { client in
                let store = store(client)
                for minute in 0..<5 {
                    let due = Self.noon + 60 * minute
                    let claims = await withTaskGroup(of: (JobRun, JobStore.Claim).self) { group in
                        for number in 0..<20 {
                            let run = run("server\(number)", due: due)
                            group.addTask { (run, await store.claim("digest", for: run, bound: Self.bound)) }
                        }
                        return await group.reduce(into: []) { $0.append($1) }
                    }
                    let winners = claims.filter { $0.1 == .won }
                    #expect(winners.count == 1 && claims.filter { $0.1 == .taken }.count == 19)
                    let winner = try #require(winners.first).0
                    let standing = try #require(await store.standings(of: ["digest", "other"]))
                    #expect(standing["digest"] == JobStanding(last: winner, isRunning: true))
                    #expect(standing["other"] == JobStanding(last: nil, isRunning: false))
                    #expect(await store.finish("digest", ended(winner), begun: winner))
                    // Whoever comes late finds the due time taken, though nothing runs any more.
                    #expect(await store.claim("digest", for: run("late", due: due), bound: Self.bound) == .taken)
                }
                // What lost keeps no lease.
                #expect(try await client.leases().value?.count == 2 * 5)
            }
        }
    }

    @Test func aDueTimeIsSkippedWhileAnEarlierRunGoesOn() async throws {
        try await TestEtcd.with { etcd in
            try await etcd.withClient { client in
                let store = store(client)
                let first = run("server1")
                #expect(await store.claim("digest", for: first, bound: Self.bound) == .won)
                #expect(await store.claim("cleanup", for: run("server1"), bound: Self.bound) == .won)
                let next = Self.noon + 60
                #expect(
                    await store.claim("digest", for: run("server2", due: next), bound: Self.bound) == .skipped(first))
                #expect(await store.claim("digest", for: run("server1", due: next), bound: Self.bound) == .taken)
                #expect(
                    await store.claim("digest", for: run("server2", due: nil), bound: Self.bound) == .skipped(first))

                let result = ended(first, .exited(status: 3))
                #expect(await store.finish("digest", result, begun: first))
                #expect(await store.standings(of: ["digest"])?["digest"] == JobStanding(last: result, isRunning: false))
                let byHand = run("server2", due: nil)
                #expect(await store.claim("digest", for: byHand, bound: Self.bound) == .won)
                // What ended earlier takes nothing from the next run when it is told again.
                #expect(await store.finish("digest", result, begun: first))
                #expect(await store.standings(of: ["digest"])?["digest"] == JobStanding(last: byHand, isRunning: true))
            }
        }
    }

    @Test func aRunWhoseHostDiedIsOverOnceItsTimeIs() async throws {
        try await TestEtcd.with { etcd in
            try await etcd.withClient { client in
                let store = store(client)
                let first = run("server1")
                #expect(await store.claim("digest", for: first, bound: .seconds(2)) == .won)
                let deadline = ContinuousClock.now + .seconds(60)
                while await store.standings(of: ["digest"])?["digest"]?.isRunning != false,
                    ContinuousClock.now < deadline
                {
                    try await Task.sleep(for: .milliseconds(100))
                }
                #expect(await store.standings(of: ["digest"])?["digest"] == JobStanding(last: first, isRunning: false))
                let second = run("server2", due: Self.noon + 60)
                #expect(await store.claim("digest", for: second, bound: Self.bound) == .won)
                // It comes back, and tells of an end that is of no interest any more.
                #expect(await store.finish("digest", ended(first), begun: first))
                #expect(await store.standings(of: ["digest"])?["digest"] == JobStanding(last: second, isRunning: true))
            }
        }
    }

    @Test func withoutAnAnswerWhoeverReadsThatTheClaimIsItsOwnRunsAndNobodyElse() async throws {
        try await TestEtcd.with { etcd in
            let member = etcd.members[0]
            let through = etcd.configuration([EtcdEndpoint(address: "127.83.0.7", name: member.endpoint.name)])
            let direct = etcd.configuration()
            try await TestProxy.with("127.83.0.7", target: member.address) { proxy in
                try await etcd.withClient(through) { client in
                    try await etcd.withClient(direct) { other in
                        try await loseAnswer(proxy, store(client), store(other))
                        try await loseQuestion(proxy, store(client), store(other))
                    }
                }
            }
        }
    }

    private func loseAnswer(_ proxy: TestProxy, _ store: JobStore, _ other: JobStore) async throws {
        for (due, job) in [(Self.noon, "digest"), (nil, "byhand")] {
            let run = run("server1", due: due)
            let leases = try #require(await store.takeLeases(Self.bound))
            proxy.lose(.answer)
            #expect(await store.claim(job, for: run, leases) == .won, "the transaction took place")
            #expect(await other.standings(of: [job])?[job] == JobStanding(last: run, isRunning: true))
        }
        #expect(proxy.lost(.answer) == 2)
        #expect(await other.claim("digest", for: run("server2"), bound: Self.bound) == .taken)
        // The same, where the due time is ours and an earlier run has the job.
        let next = run("server1", due: Self.noon + 60)
        let leases = try #require(await store.takeLeases(Self.bound))
        proxy.lose(.answer)
        guard case .skipped(let earlier?) = await store.claim("digest", for: next, leases) else {
            Issue.record("it was not skipped")
            return
        }
        #expect(earlier.due == Self.noon)
    }

    private func loseQuestion(_ proxy: TestProxy, _ store: JobStore, _ other: JobStore) async throws {
        let run = run("server1")
        let leases = try #require(await store.takeLeases(Self.bound))
        let request = try #require(store.request("lost", run, leases))
        proxy.lose(.question)
        #expect(await store.claim("lost", for: run, leases) == .unknown)
        #expect(proxy.lost(.question) == 1)
        // A copy that arrives late takes nothing: its leases are gone.
        guard case .refused(.leaseNotFound) = await other.client.transact(request) else {
            Issue.record("a late copy was carried out")
            return
        }
        #expect(await other.standings(of: ["lost"])?["lost"] == JobStanding(last: nil, isRunning: false))
        #expect(await other.claim("lost", for: self.run("server2"), bound: Self.bound) == .won)
    }
}

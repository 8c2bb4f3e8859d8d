import Testing

import EtcdTestServer
@testable import TandemCoordination

/// With a real etcd: which host runs a worker that one host at a time runs.
@Suite(.serialized, .timeLimit(.minutes(5))) struct WorkerStoreTests {
    private static let time = Duration.seconds(600)

    private func store(_ client: EtcdClient) -> WorkerStore {
        WorkerStore(client, stack: "shop", worker: "clock", deadline: .seconds(20))
    }

    private func lease(_ answer: WorkerClaim.Answer) throws -> Lease {
        guard case .held(let lease) = answer else { throw NotHeld(answer: answer) }
        return lease
    }

    private struct NotHeld: Error { var answer: WorkerClaim.Answer }

    @Test func ofTwentyTakersOneHoldsItUntilItGivesItUp() async throws {
        try await TestEtcd.with { etcd in
            try await etcd.withClient { client in
                let store = store(client)
                for _ in 0..<5 {
                    let answers = await withTaskGroup(of: WorkerClaim.Answer.self) { group in
                        for number in 0..<20 {
                            group.addTask { await store.take(for: "server\(number)", leaseTime: Self.time) }
                        }
                        return await group.reduce(into: []) { $0.append($1) }
                    }
                    let held = answers.compactMap { if case .held(let lease) = $0 { lease } else { nil } }
                    #expect(held.count == 1, "\(answers)")
                    #expect(answers.filter { if case .taken = $0 { true } else { false } }.count == 19)
                    let winner = try #require(held.first)
                    // What lost keeps no lease.
                    #expect(try await client.leases().value == [winner.id])
                    #expect(try lease(await store.renew(winner.id)).validUntil >= winner.validUntil)
                    await store.release(winner.id)
                    #expect(await store.renew(winner.id) == .gone)
                }
            }
        }
    }

    @Test func whoComesLateHearsWhoHasItAndGetsItWhenTheLeaseIsOut() async throws {
        try await TestEtcd.with { etcd in
            try await etcd.withClient { client in
                let store = store(client)
                let first = try lease(await store.take(for: "server1", leaseTime: .seconds(3)))
                #expect(await store.take(for: "server2", leaseTime: Self.time) == .taken(by: "server1"))
                var second: Lease?
                while second == nil, ContinuousClock.now < first.validUntil + .seconds(60) {
                    second = try? lease(await store.take(for: "server2", leaseTime: Self.time))
                }
                // Not before the first one's own clock says so.
                #expect(second != nil && ContinuousClock.now >= first.validUntil)
                #expect(await store.renew(first.id) == .gone)
            }
        }
    }

    @Test func aClaimWhoseKeyIsDeletedOrAnothersIsGone() async throws {
        try await TestEtcd.with { etcd in
            try await etcd.withClient { client in
                let store = store(client)
                let first = try lease(await store.take(for: "server1", leaseTime: Self.time))
                _ = await client.transact(StoreTransaction(then: [.delete(.key(store.key))]))
                #expect(await store.renew(first.id) == .gone)
                let second = try lease(await store.take(for: "server2", leaseTime: Self.time))
                #expect(await store.renew(first.id) == .gone)
                #expect(try lease(await store.renew(second.id)).id == second.id)
            }
        }
    }

    @Test func withoutAnAnswerNobodyHoldsItAndTheNextOneGetsIt() async throws {
        try await TestEtcd.with { etcd in
            let member = etcd.members[0]
            let through = etcd.configuration([EtcdEndpoint(address: "127.83.0.9", name: member.endpoint.name)])
            try await TestProxy.with("127.83.0.9", target: member.address) { proxy in
                try await etcd.withClient(through) { client in
                    try await etcd.withClient(etcd.configuration()) { other in
                        try await loseAnswers(proxy, client, other)
                    }
                }
            }
        }
    }

    private func loseAnswers(_ proxy: TestProxy, _ client: EtcdClient, _ other: EtcdClient) async throws {
        for loss in [TestProxy.Loss.answer, .question] {
            let granted = try #require(try await client.grantLease(Self.time, within: .seconds(20)).value)
            proxy.lose(loss)
            #expect(await store(client).put("server1", under: granted) == .silent)
            #expect(proxy.lost(loss) == 1)
            let lease = try lease(await store(other).take(for: "server2", leaseTime: Self.time))
            await store(other).release(lease.id)
        }
    }
}

import Foundation
import TandemFailover
import Testing

import EtcdTestServer
@testable import TandemCoordination
@testable import TandemSimulation

/// With a real etcd: the failover's store.
@Suite(.serialized, .timeLimit(.minutes(5))) struct StackStoreTests {
    private static let names = HostNames(["server1", "server2", "lb1"])
    private static let keys = StackKeys(stack: "shop", names: names)

    private func store(
        _ client: EtcdClient, names: HostNames = names, revokesFormerLease: Bool = true
    ) -> StackStore {
        StackStore(
            client, keys: StackKeys(stack: "shop", names: names), leaseTime: .seconds(600), deadline: .seconds(20),
            revokesFormerLease: revokesFormerLease)
    }

    @Test func whatIsStoredHasTheFormThatTheDocumentsName() async throws {
        try await TestEtcd.with { etcd in
            try await etcd.withClient { client in
                let store = store(client)
                guard case .read(let empty) = await store.answer(.refresh) else {
                    Issue.record("no answer")
                    return
                }
                #expect(empty == StoreSnapshot())
                let transaction = StateTransaction(
                    purpose: .found, expectedRevision: 0,
                    record: StateRecord(epoch: 1, primary: HostID(1), standing: .paired(HostID(0))), takesLeader: true,
                    history: HistoryRecord(epoch: 1, primary: HostID(1), previous: nil, cause: .founded), founds: 77)
                guard case .written(let revision) = await store.answer(.write(transaction)) else {
                    Issue.record("not written")
                    return
                }
                #expect(await store.answer(.write(transaction)) == .refused)
                let all = try #require(try await client.read(RangeQuery(.prefix("/tandem/shop/"))).value)
                #expect(
                    all.values.map { "\($0.key) \($0.text)" } == [
                        #"/tandem/shop/history/1 {"cause":"founded","epoch":1,"primary":"server2"}"#,
                        "/tandem/shop/init 77", #"/tandem/shop/leader {"epoch":1,"host":"server2"}"#,
                        #"/tandem/shop/state {"epoch":1,"partner":"server1","primary":"server2","standing":"paired"}"#,
                    ])
                #expect(all.values.map { $0.lease != nil } == [false, false, true, false])
                #expect(all.values.allSatisfy { $0.modRevision == Revision(revision) })

                // An agent whose settings lack the primary cannot use what it reads.
                let other = self.store(client, names: HostNames(["server1"]))
                #expect(await other.answer(.refresh) == .unreadable)
                _ = await client.transact(StoreTransaction(then: [.put("/tandem/shop/state", "{")]))
                #expect(await store.answer(.refresh) == .unreadable)

                // A lease that was lost: nothing takes place, and nothing is certain.
                _ = await client.transact(StoreTransaction(then: [.delete(.prefix("/tandem/shop/"))]))
                for value in all.values {
                    if let lease = value.lease { _ = try await client.revoke(lease) }
                }
                #expect(await store.answer(.write(transaction)) == .unknown)
                #expect(try await client.read(RangeQuery(.prefix("/tandem/shop/"))).value?.range.count == 0)
                _ = await store.answer(.refresh)
                guard case .written = await store.answer(.write(transaction)) else {
                    Issue.record("not written with a new lease")
                    return
                }
                await store.release()
                #expect(try await client.read("/tandem/shop/leader").value?.value == nil)
                etcd.members[0].kill()
                #expect(await store.answer(.refresh) == .unknown)
                #expect(await store.answer(.write(transaction)) == .unknown)
            }
        }
    }

    @Test func whoeverHoldsNoDataReadsAndHasNoLease() async throws {
        try await TestEtcd.with { etcd in
            try await etcd.withClient { client in
                let witness = StackStore(client, keys: Self.keys, deadline: .seconds(20), mayLead: false)
                #expect(await witness.answer(.refresh) == .read(StoreSnapshot()))
                let founding = StateTransaction(
                    purpose: .found, expectedRevision: 0,
                    record: StateRecord(epoch: 1, primary: HostID(1), standing: .alone), takesLeader: true)
                #expect(await witness.answer(.write(founding)) == .unknown)
                let first = store(client)
                _ = await first.answer(.refresh)
                guard case .written = await first.answer(.write(founding)) else {
                    Issue.record("not written")
                    return
                }
                guard case .read(let seen) = await witness.answer(.refresh) else {
                    Issue.record("no answer")
                    return
                }
                #expect(seen.leader == LeaderRecord(host: HostID(1), epoch: 1))
            }
        }
    }

    @Test func whoeverTakesTheLeadEndsTheLeaseOfWhomeverHadIt() async throws {
        try await TestEtcd.with { etcd in
            try await etcd.withClient { client in
                let (first, second) = (store(client), store(client))
                func take(_ revision: UInt64, _ host: Int) -> StoreRequest {
                    .write(
                        StateTransaction(
                            purpose: .claim, expectedRevision: revision,
                            record: StateRecord(epoch: 1, primary: HostID(host), standing: .alone), takesLeader: true))
                }
                _ = await first.answer(.refresh)
                _ = await second.answer(.refresh)
                guard case .written(let one) = await first.answer(take(0, 0)),
                    case .written(let two) = await first.answer(take(one, 0))
                else {
                    Issue.record("not written")
                    return
                }
                let lease = try #require(try await client.read("/tandem/shop/leader").value?.value?.lease)
                _ = await first.answer(.refresh)
                #expect(try await client.state(of: lease).value != nil, "its own lease goes on")
                guard case .written = await second.answer(take(two, 1)) else {
                    Issue.record("not written")
                    return
                }
                let expected = LeaderRecord(host: HostID(1), epoch: 1)
                guard case .read(let leading) = await second.answer(.refresh) else {
                    Issue.record("not read")
                    return
                }
                #expect(leading.leader == expected)
                #expect(try await client.state(of: lease).refusal == .leaseNotFound)
                guard case .read(let led) = await first.answer(.refresh) else {
                    Issue.record("not read with a new lease")
                    return
                }
                #expect(led.leader == expected)
                #expect(try await client.leases().value?.count == 2)
            }
        }
    }

    /// Random requests of three agents and an operator, to the store that the simulator has and to a real etcd. Both
    /// answer the same.
    @Test func theSimulatorsStoreAnswersAsEtcdDoes() async throws {
        let environment = ProcessInfo.processInfo.environment
        let seed = environment["TANDEM_TEST_SEED"].flatMap { UInt64($0) } ?? UInt64.random(in: 1...999_999_999)
        let steps = environment["TANDEM_TEST_STORE_STEPS"].flatMap { Int($0) } ?? 600
        print("\(steps) store requests: TANDEM_TEST_SEED=\(seed)")
        try await TestEtcd.with { etcd in
            try await etcd.withClient(etcd.configuration(deadline: .seconds(20))) { client in
                var both = SideBySide(seed: seed, client: client, keys: Self.keys) {
                    self.store(client, revokesFormerLease: false)
                }
                for step in 0..<steps {
                    let story = try await both.step()
                    if let difference = try await both.difference() {
                        Issue.record("TANDEM_TEST_SEED=\(seed), step \(step), after \(story): \(difference)")
                        return
                    }
                }
                print(
                    "written \(both.counts[.written, default: 0]), refused \(both.counts[.refused, default: 0]), "
                        + "without a lease \(both.counts[.unknown, default: 0])")
                // Otherwise the test looks at nothing.
                #expect(both.counts[.written, default: 0] > steps / 20)
                #expect(both.counts[.refused, default: 0] > steps / 40)
                #expect(both.counts[.unknown, default: 0] > 0)
            }
        }
    }
}

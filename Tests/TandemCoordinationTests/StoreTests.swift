import Foundation
import Testing

import EtcdTestServer
@testable import TandemCoordination

/// With a real etcd: what is read and written.
@Suite(.serialized, .timeLimit(.minutes(5))) struct StoreTests {
    /// Adds one to a number, over as many tries as it takes. Fails where the outcome is not known.
    private func increment(_ key: StoreKey, _ client: EtcdClient) async throws {
        while true {
            let reading = try #require(try await client.read(key).value)
            let number = reading.value.flatMap { Int($0.text) } ?? 0
            let outcome = await client.transact(
                StoreTransaction(
                    if: [Comparison(key, .equal, .modRevision(reading.value?.modRevision ?? 0))],
                    then: [.put(key, "\(number + 1)")]))
            switch outcome {
            case .answered(let answer):
                if answer.succeeded { return }
            case .refused(let refusal): throw TestEtcd.Failure(description: "\(refusal)")
            case .unknown(let error): throw error
            }
        }
    }

    @Test func sixtyFourTasksIncrementOneNumberAndNoneIsLost() async throws {
        try await TestEtcd.with { etcd in
            try await etcd.withClient(etcd.configuration(deadline: .seconds(60))) { client in
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for _ in 0..<64 {
                        group.addTask { for _ in 0..<2 { try await increment("/sum", client) } }
                    }
                    try await group.waitForAll()
                }
                #expect(try await client.read("/sum").value?.value?.text == "128")
                #expect(try await client.read("/sum").value?.value?.version == 128)
            }
        }
    }

    @Test func comparisonsOfEveryKindChooseTheBranch() async throws {
        try await TestEtcd.with { etcd in
            try await etcd.withClient { client in
                let lease = try #require(try await client.grantLease(.seconds(60)).value)
                #expect(lease.timeToLive == .seconds(60))
                let put = try #require(
                    await client.transact(StoreTransaction(then: [.put("k", "v", lease: lease.id)])).success)
                let revision = put.header.revision
                let truths: [(Comparison, Bool)] = [
                    (Comparison("k", .equal, .modRevision(revision)), true),
                    (Comparison("k", .less, .modRevision(revision)), false),
                    (Comparison("k", .equal, .createRevision(revision)), true),
                    (Comparison("k", .greater, .version(0)), true), (Comparison("k", .notEqual, .version(1)), false),
                    (Comparison("k", .equal, .value(Array("v".utf8))), true),
                    (Comparison("k", .equal, .lease(lease.id)), true),
                    (Comparison("k", .equal, .lease(LeaseID(1))), false),
                    (Comparison("none", .equal, .modRevision(0)), true),
                ]
                for (comparison, isTrue) in truths {
                    let outcome = await client.transact(
                        StoreTransaction(
                            if: [comparison], then: [.range(RangeQuery(.key("k")))],
                            else: [.range(RangeQuery(.key("none")))]))
                    guard case .answered(let answer) = outcome else {
                        Issue.record("\(comparison): \(outcome)")
                        continue
                    }
                    #expect(answer.succeeded == isTrue, "\(comparison)")
                    guard case .range(let range)? = answer.answers.first else {
                        Issue.record("\(comparison): \(answer)")
                        continue
                    }
                    #expect(range.value?.text == (isTrue ? "v" : nil), "\(comparison)")
                }
            }
        }
    }

    @Test func anInnerTransactionDeletesAnOrderOnlyWhileItIsThatOne() async throws {
        try await TestEtcd.with { etcd in
            try await etcd.withClient { client in
                let first = try #require(await client.transact(StoreTransaction(then: [.put("intent", "B")])).success)
                _ = await client.transact(StoreTransaction(then: [.put("intent", "C")]))
                func end(_ revision: Revision) async -> TransactionOutcome {
                    await client.transact(
                        StoreTransaction(
                            if: [Comparison("state", .equal, .modRevision(0))],
                            then: [
                                .put("other", "x"),
                                .transaction(
                                    StoreTransaction(
                                        if: [Comparison("intent", .equal, .modRevision(revision))],
                                        then: [.delete(.key("intent"))])),
                            ]))
                }
                let tooOld = try #require(await end(first.header.revision).success)
                #expect(tooOld.answers == [.put, .transaction(succeeded: false, [])])
                let order = try #require(try await client.read("intent").value?.value)
                #expect(order.text == "C" && order.createRevision == first.header.revision)
                let right = try #require(await end(order.modRevision).success)
                #expect(right.answers == [.put, .transaction(succeeded: true, [.deleted(count: 1)])])
                #expect(try await client.read("intent").value?.value == nil)
            }
        }
    }

    @Test func whatEtcdRefusesIsAValue() async throws {
        try await TestEtcd.with { etcd in
            try await etcd.withClient { client in
                _ = await client.transact(StoreTransaction(then: [.put("state", "1")]))
                let lease = try #require(try await client.grantLease(.seconds(60)).value)
                #expect(try await client.state(of: lease.id).value?.timeToLive == .seconds(60))
                let renewed = try #require(try await client.keepAlive(lease.id).value)
                #expect(renewed.validUntil > lease.validUntil && renewed.id == lease.id)
                _ = await client.transact(StoreTransaction(then: [.put("mine", "", lease: lease.id)]))
                #expect(try await client.state(of: lease.id).value?.keys == ["mine"])
                #expect(try await client.revoke(lease.id).value != nil)
                #expect(try await client.read("mine").value?.value == nil)
                #expect(try await client.keepAlive(lease.id).refusal == .leaseNotFound)
                #expect(try await client.state(of: lease.id).refusal == .leaseNotFound)
                #expect(try await client.revoke(lease.id).refusal == .leaseNotFound)
                let outcome = await client.transact(
                    StoreTransaction(then: [.put("state", "2"), .put("mine", "", lease: lease.id)]))
                guard case .refused(.leaseNotFound) = outcome else {
                    Issue.record("\(outcome)")
                    return
                }
                let state = try #require(try await client.read("state").value)
                #expect(state.value?.text == "1", "nothing of the transaction took place")

                for _ in 0..<3 { _ = await client.transact(StoreTransaction(then: [.put("state", "3")])) }
                let now = try #require(try await client.read("state").value).header.revision
                #expect(try await client.compact(before: now).value != nil)
                #expect(try await client.compact(before: now).refusal == .compacted)
                let old = RangeQuery(.key("state"), revision: now - 1)
                #expect(try await client.read(old).refusal == .compacted)
                #expect(try await client.read(RangeQuery(.key("state"), revision: now + 9)).refusal == .futureRevision)
                let twice = await client.transact(StoreTransaction(then: [.put("a", "1"), .put("a", "2")]))
                guard case .refused(.invalid) = twice else {
                    Issue.record("\(twice)")
                    return
                }
            }
        }
    }

    @Test func severalKeysAreReadAsOfOneMoment() async throws {
        try await TestEtcd.with { etcd in
            try await etcd.withClient { client in
                _ = await client.transact(StoreTransaction(then: [.put("/a/1", "0"), .put("/b", "0")]))
                try await withThrowingTaskGroup(of: Void.self) { group in
                    group.addTask {
                        for number in 1...60 {
                            _ = await client.transact(
                                StoreTransaction(then: [.put("/a/1", "\(number)"), .put("/b", "\(number)")]))
                        }
                    }
                    for _ in 0..<60 {
                        let answer = try #require(
                            try await client.read([RangeQuery(.prefix("/a/")), RangeQuery(.key("/b"))]).value)
                        #expect(answer.ranges.count == 2)
                        #expect(answer.ranges[0].value?.text == answer.ranges[1].value?.text)
                    }
                    try await group.waitForAll()
                }
                let some = try #require(try await client.read(RangeQuery(.prefix(""), limit: 1)).value)
                #expect(some.values.map(\.key) == ["/a/1"] && some.range.hasMore && some.range.count == 2)
                let local = RangeQuery(.key("/b"), consistency: .serializable)
                #expect(try await client.read(local).value?.value?.text == "60")
            }
        }
    }

    /// etcd gives this answer also to a write that it has just carried out: so it is no refusal.
    @Test func aFullStoreIsNoAnswerAndIsFreedAgain() async throws {
        try await TestEtcd.with(arguments: ["--quota-backend-bytes", "\(4 << 20)"]) { etcd in
            try await etcd.withClient { client in
                let large = [UInt8](repeating: 65, count: 400_000)
                var reason: CoordinationError.Reason?
                for _ in 0..<40 where reason == nil {
                    if case .unknown(let error) = await client.transact(StoreTransaction(then: [.put("large", large)]))
                    {
                        reason = error.reason
                        #expect(error.next.contains("defragment"))
                    }
                }
                #expect(reason == .noSpace)
                let alarms = try #require(try await client.alarms().value)
                #expect(alarms.map(\.kind) == [.noSpace])
                let now = try #require(try await client.read("large").value).header.revision
                #expect(try await client.compact(before: now).value != nil)
                let endpoint = etcd.members[0].endpoint
                let full = try #require(try await client.status(of: endpoint).value)
                #expect(full.errors.contains { $0.contains("NOSPACE") })
                guard case .value = try await client.defragment(endpoint) else {
                    Issue.record("not defragmented")
                    return
                }
                let status = try #require(try await client.status(of: endpoint).value)
                #expect(status.databaseBytes < full.databaseBytes && status.usedBytes <= status.databaseBytes)
                for alarm in alarms { #expect(try await client.disarm(alarm).value != nil) }
                #expect(try await client.alarms().value == [])
                #expect(await client.transact(StoreTransaction(then: [.put("large", "")])).success != nil)
            }
        }
    }

    @Test func membersAreListedAddedAndRemoved() async throws {
        try await TestEtcd.with { etcd in
            try await etcd.withClient { client in
                let member = etcd.members[0]
                let first = try #require(try await client.members().value)
                #expect(first.map(\.name) == ["m1"] && first[0].clientURLs == ["https://\(member.address):2379"])
                let status = try #require(try await client.status(of: member.endpoint).value)
                #expect(status.isLeader && status.header.memberID == first[0].id && status.version.hasPrefix("3."))
                let peer = "https://127.83.250.1:2380"
                let learner = try #require(try await client.addMember(peerURLs: [peer], isLearner: true).value)
                #expect(learner.isLearner && learner.peerURLs == [peer])
                #expect(try await client.members().value?.count == 2)
                #expect(try await client.promoteMember(learner.id).refusal == .learnerNotReady)
                #expect(try await client.promoteMember(first[0].id).refusal == .notLearner)
                #expect(try await client.addMember(peerURLs: [peer], isLearner: true).refusal == .memberExists)
                #expect(try await client.removeMember(learner.id).value?.map(\.id) == [first[0].id])
                #expect(try await client.removeMember(learner.id).refusal == .memberNotFound)
            }
        }
    }
}

import Foundation
import Testing

import EtcdTestServer
@testable import TandemCoordination

/// With a real etcd, and things that go wrong.
@Suite(.serialized, .timeLimit(.minutes(5))) struct FaultTests {
    private func error<Value>(_ body: () async throws -> Value) async -> CoordinationError? {
        do {
            _ = try await body()
            return nil
        } catch {
            return error as? CoordinationError
        }
    }

    private func wait(_ what: String, until isSo: () async throws -> Bool) async throws {
        let deadline = ContinuousClock.now + .seconds(60)
        while try await !isSo() {
            guard ContinuousClock.now < deadline else { throw TestEtcd.Failure(description: "never: \(what)") }
            try await Task.sleep(for: .milliseconds(50))
        }
    }

    @Test func aLostAnswerIsUnknownAndTheWriteMayBeThere() async throws {
        try await TestEtcd.with { etcd in
            let member = etcd.members[0]
            let configuration = etcd.configuration([
                EtcdEndpoint(address: "127.83.0.1", name: member.endpoint.name)
            ])
            let direct = etcd.configuration()
            try await TestProxy.with("127.83.0.1", target: member.address) { proxy in
                try await etcd.withClient(configuration) { client in
                    try await etcd.withClient(direct) { other in
                        for (loss, key, isThere) in [
                            (TestProxy.Loss.answer, StoreKey("a"), true), (.question, "q", false),
                        ] {
                            try await lose(loss, of: key, isThere: isThere, proxy, client, other)
                        }
                    }
                }
                // A read is asked again by itself, where there is somebody to ask.
                let asWell = EtcdEndpoint(address: member.address)
                try await etcd.withClient(etcd.configuration(configuration.endpoints + [asWell])) { two in
                    #expect(try await two.read("a").value?.value?.text == "1")
                    proxy.lose(.answer)
                    let again = try await two.read("a")
                    #expect(again.value?.value?.text == "1")
                    #expect(proxy.lost(.answer) == 2)
                }
                // A transaction is not, whoever else is there.
                try await etcd.withClient(etcd.configuration(configuration.endpoints + [asWell])) { two in
                    let first = try await two.read("a")
                    #expect(first.value?.value?.text == "1")
                    proxy.lose(.answer)
                    let creation = StoreTransaction(
                        if: [Comparison("once", .equal, .modRevision(0))], then: [.put("once", "1")])
                    let outcome = await two.transact(creation)
                    guard case .unknown = outcome else {
                        Issue.record("\(outcome)")
                        return
                    }
                    let once = try await two.read("once")
                    #expect(once.value?.value?.version == 1)
                }
            }
        }
    }

    private func lose(
        _ loss: TestProxy.Loss, of key: StoreKey, isThere: Bool, _ proxy: TestProxy, _ client: EtcdClient,
        _ other: EtcdClient
    ) async throws {
        // The connection stands.
        #expect(try await client.read(key).value?.value == nil)
        let creation = StoreTransaction(if: [Comparison(key, .equal, .modRevision(0))], then: [.put(key, "1")])
        proxy.lose(loss)
        let outcome = await client.transact(creation)
        guard case .unknown(let error) = outcome else {
            Issue.record("\(loss): \(outcome)")
            return
        }
        #expect(error.mayHaveArrived && error.reason == .connectionLost, "\(error)")
        #expect(proxy.lost(loss) == 1, "a transaction is sent once")
        #expect((try await other.read(key).value?.value != nil) == isThere)
        // The caller sends it again: whichever way it ends, it is known now.
        guard case .answered(let answer) = await client.transact(creation) else {
            Issue.record("\(loss): no answer to the second")
            return
        }
        #expect(answer.succeeded == !isThere)
    }

    @Test func aSilentMemberMeetsTheDeadlineAndCancellationEndsARequest() async throws {
        try await TestEtcd.with { etcd in
            let member = etcd.members[0]
            var hole = etcd.configuration(
                [EtcdEndpoint(address: "127.83.0.2", name: member.endpoint.name)], deadline: .seconds(120))
            hole.patience = .milliseconds(20)
            var both = hole
            both.endpoints.append(EtcdEndpoint(address: member.address))
            var few = hole
            few.maximumRequests = 2
            few.connectDeadline = .seconds(3)
            let (silent, asWell, narrow) = (hole, both, few)
            try await TestProxy.with("127.83.0.2", target: member.address) { proxy in
                proxy.lose(.everything)
                try await etcd.withClient(silent) { client in
                    let late = await error { try await client.read("a", within: .milliseconds(300)) }
                    #expect(late?.reason == .deadline)
                    #expect(late?.description.contains("could not read a from etcd") == true)
                    let outcome = await client.transact(
                        StoreTransaction(then: [.put("a", "")]), within: .milliseconds(300))
                    guard case .unknown(let unknown) = outcome, unknown.reason == .deadline else {
                        Issue.record("\(outcome)")
                        return
                    }
                    let handshake = await error { try await client.read("a") }
                    #expect(handshake?.reason == .unreachable && handshake?.mayHaveArrived == false)
                }
                try await etcd.withClient(narrow) { client in
                    let requests = (0..<2).map { _ in Task { try await client.read("a").value } }
                    try await wait("two are under way") { client.requests.underWay == 2 }
                    let third = await error { try await client.read("a") }
                    #expect(third?.reason == .tooManyRequests && third?.mayHaveArrived == false)
                    for request in requests { request.cancel() }
                    for request in requests {
                        let cancelled = await error { try await request.value }
                        #expect(cancelled?.reason == .cancelled)
                    }
                    let place = await error { try await client.read("a", within: .milliseconds(20)) }
                    #expect(place?.reason == .deadline, "there is a place again")
                }
                // Beside a silent one another one is asked.
                try await etcd.withClient(asWell) { client in
                    let reading = try await client.read("a")
                    #expect(reading.value != nil)
                }
            }
            // Nobody listens there: the request certainly never left, and so a transaction tries the next member.
            var nobody = etcd.configuration([EtcdEndpoint(address: "127.83.0.3"), member.endpoint])
            try await etcd.withClient(nobody) { client in
                #expect(await client.transact(StoreTransaction(then: [.put("n", "")])).success != nil)
            }
            nobody.endpoints.removeLast()
            try await etcd.withClient(nobody) { client in
                guard case .unknown(let error) = await client.transact(StoreTransaction(then: [.put("n", "")])) else {
                    Issue.record("who answered?")
                    return
                }
                #expect(error.reason == .unreachable && !error.mayHaveArrived, "\(error)")
            }
        }
    }

    @Test func wrongCertificatesAreRefusedByBothSides() async throws {
        try await TestEtcd.with { etcd in
            var stranger = etcd.configuration()
            stranger.certificate = "\(etcd.folder)/stranger.pem"
            stranger.key = "\(etcd.folder)/stranger-key.pem"
            var otherAuthority = etcd.configuration()
            otherAuthority.ca = "\(etcd.folder)/stranger-ca.pem"
            // Neither the name nor the address stands in the certificate.
            var otherName = etcd.configuration()
            otherName.endpoints = [EtcdEndpoint(address: "127.83.0.5", name: "m2.store.shop.internal")]
            let strangers = [("client", stranger), ("authority", otherAuthority), ("name", otherName)]
            try await TestProxy.with("127.83.0.5", target: etcd.members[0].address) { _ in
                for (name, configuration) in strangers {
                    try await etcd.withClient(configuration) { client in
                        let refused = await error { try await client.read("a") }
                        #expect(refused?.reason == .certificate, "\(name): \(refused?.description ?? "let in")")
                        let outcome = await client.transact(StoreTransaction(then: [.put("a", name)]))
                        #expect(outcome.success == nil)
                    }
                }
            }
            var missing = etcd.configuration()
            missing.key = "\(etcd.folder)/none.pem"
            let settings = missing
            let unusable = await error { try EtcdClient(settings) }
            #expect(unusable?.reason == .settings && unusable?.next.contains("none.pem") == true)
            var twice = etcd.configuration()
            twice.endpoints.append(twice.endpoints[0])
            let doubled = twice
            #expect(await error { try EtcdClient(doubled) }?.reason == .settings)
            try await etcd.withClient { client in
                let reading = try await client.read("a")
                #expect(reading.value != nil && reading.value?.value == nil)
            }
        }
    }

    @Test func anAnswerThatIsTooLargeIsNoAnswer() async throws {
        try await TestEtcd.with { etcd in
            var configuration = etcd.configuration()
            configuration.maximumAnswerBytes = 10_000
            try await etcd.withClient(configuration) { client in
                let bytes = [UInt8](repeating: 1, count: 20_000)
                #expect(await client.transact(StoreTransaction(then: [.put("a", bytes)])).success != nil)
                let refused = await error { try await client.read("a") }
                #expect(refused?.reason == .answerTooLarge)
                let other = try await client.read("b")
                #expect(other.value != nil)
            }
        }
    }

    @Test func aLeaseRunsOutWhenNobodyRenewsItAlsoOfAServerThatWasFrozen() async throws {
        try await TestEtcd.with { etcd in
            try await etcd.withClient { client in
                let lease = try #require(try await client.grantLease(.milliseconds(1500)).value)
                #expect(lease.timeToLive == .seconds(2), "in whole seconds")
                #expect(
                    await client.transact(StoreTransaction(then: [.put("leader", "a", lease: lease.id)])).success != nil
                )
                etcd.members[0].setFrozen(true)
                let silent = await error { try await client.read("leader", within: .milliseconds(500)) }
                #expect(silent?.reason == .deadline)
                let outcome = await client.transact(
                    StoreTransaction(then: [.put("late", "")]), within: .milliseconds(500))
                guard case .unknown = outcome else {
                    Issue.record("\(outcome)")
                    return
                }
                try await Task.sleep(until: lease.validUntil)
                etcd.members[0].setFrozen(false)
                try await wait("the lease runs out") { try await client.read("leader").value?.value == nil }
                #expect(ContinuousClock.now > lease.validUntil)
                #expect(try await client.keepAlive(lease.id).refusal == .leaseNotFound)
                // One that is renewed in time stays.
                let kept = try #require(try await client.grantLease(.seconds(2)).value)
                _ = await client.transact(StoreTransaction(then: [.put("kept", "", lease: kept.id)]))
                for _ in 0..<8 {
                    try await Task.sleep(for: .milliseconds(500))
                    _ = try await client.keepAlive(kept.id)
                }
                #expect(try await client.read("kept").value?.value != nil)
            }
        }
    }

    @Test(.timeLimit(.minutes(5))) func aMemberOfThreeMayDieOrFreezeAndReadsAndTransactionsGoOn() async throws {
        try await TestEtcd.with(members: 3) { etcd in
            try await etcd.withClient { client in
                func add(_ number: Int) async throws {
                    try await wait("\(number) is there") {
                        let key = StoreKey("/n/\(number)")
                        let outcome = await client.transact(
                            StoreTransaction(
                                if: [Comparison(key, .equal, .modRevision(0))],
                                then: [.put(key, "")]), within: .seconds(2))
                        if case .answered = outcome { return true }
                        return false
                    }
                }
                func leader() async throws -> TestMember {
                    for member in etcd.members {
                        if try await client.status(of: member.endpoint).value?.isLeader == true { return member }
                    }
                    throw TestEtcd.Failure(description: "nobody leads")
                }
                for number in 0..<10 { try await add(number) }
                let dead = try await leader()
                dead.kill()
                for number in 10..<20 { try await add(number) }
                try await wait("a read is answered") {
                    (try? await client.read(RangeQuery(.prefix("/n/"))).value?.range.count) == 20
                }
                try dead.start()
                try await etcd.waitForLeader(dead)
                try await wait("all three are there") {
                    try await client.status(of: dead.endpoint).value?.leader != nil
                }
                let frozen = try await leader()
                frozen.setFrozen(true)
                for number in 20..<30 { try await add(number) }
                try await wait("a read is answered") {
                    (try? await client.read(RangeQuery(.prefix("/n/"))).value?.range.count) == 30
                }
                frozen.setFrozen(false)
                // Without a majority there is no answer; what one member has is told on request.
                let alone = try #require(etcd.members.first { $0 !== frozen })
                for member in etcd.members where member !== alone { member.kill() }
                try await etcd.withClient(etcd.configuration([alone.endpoint], deadline: .seconds(2))) { client in
                    let none = await error { try await client.read("/n/1") }
                    #expect(
                        none?.reason == .deadline || none?.reason == .unavailable,
                        "\(none?.description ?? "it answered")")
                    let local = RangeQuery(.prefix("/n/"), consistency: .serializable)
                    let reading = try await client.read(local)
                    #expect(reading.value?.range.count == 30)
                }
            }
        }
    }
}

import Foundation
import Synchronization
import Testing

import EtcdTestServer
@testable import TandemCoordination

/// With a real etcd: what a watch hears.
@Suite(.serialized, .timeLimit(.minutes(5))) struct WatchTests {
    private final class Heard: Sendable {
        let events = Mutex<[WatchEvent]>([])
    }

    /// Puts numbered keys, each exactly once, however often it takes.
    private func put(_ numbers: Range<Int>, _ client: EtcdClient) async throws {
        for number in numbers {
            let key = StoreKey("/w/\(number)")
            let deadline = ContinuousClock.now + .seconds(60)
            while true {
                let outcome = await client.transact(
                    StoreTransaction(if: [Comparison(key, .equal, .modRevision(0))], then: [.put(key, "\(number)")]),
                    within: .seconds(2))
                if case .answered = outcome { break }
                guard ContinuousClock.now < deadline else { throw TestEtcd.Failure(description: "\(outcome)") }
                try await Task.sleep(for: .milliseconds(50))
            }
        }
    }

    @Test func aWatchGoesOnAfterRestartsAndLosesAndDoublesNothing() async throws {
        try await TestEtcd.with { etcd in
            try await etcd.withClient { client in
                try await put(0..<5, client)
                let hasBegun = AsyncStream.makeStream(of: Void.self)
                try await withThrowingTaskGroup(of: (keys: [String], interruptions: Int).self) { group in
                    group.addTask {
                        var keys: [String] = []
                        var interruptions = 0
                        for await event in client.watch(.prefix("/w/"), from: 1) {
                            switch event {
                            case .started: hasBegun.continuation.yield()
                            case .changed(let changes, _): keys += changes.map(\.value.text)
                            case .interrupted: interruptions += 1
                            case .compacted, .otherCluster: Issue.record("\(event)")
                            }
                            if keys.last == "59" { break }
                        }
                        return (keys, interruptions)
                    }
                    for await _ in hasBegun.stream { break }
                    try await put(5..<20, client)
                    etcd.members[0].kill()
                    try etcd.members[0].start()
                    try await put(20..<40, client)
                    etcd.members[0].kill()
                    try await Task.sleep(for: .milliseconds(300))
                    try etcd.members[0].start()
                    try await put(40..<60, client)
                    let heard = try #require(try await group.next())
                    #expect(heard.keys == (0..<60).map(String.init))
                    #expect(heard.interruptions >= 1)
                }
            }
        }
    }

    @Test func aWatchSaysWhatWasCompactedAndGoesOn() async throws {
        try await TestEtcd.with { etcd in
            try await etcd.withClient { client in
                try await put(0..<10, client)
                let now = try #require(try await client.read("/w/9").value).header.revision
                #expect(try await client.compact(before: now - 2).value != nil)
                var before: Revision?
                var keys: [String] = []
                for await event in client.watch(.prefix("/w/"), from: 1) {
                    switch event {
                    case .compacted(let revision): before = revision
                    case .changed(let changes, _): keys += changes.map(\.value.text)
                    case .started, .interrupted, .otherCluster: break
                    }
                    if keys.last == "9" { break }
                }
                #expect(before == now - 2)
                #expect(keys == ["7", "8", "9"])
            }
        }
    }

    @Test func aSilentConnectionIsGivenUpAndCancellationEndsAWatch() async throws {
        try await TestEtcd.with { etcd in
            let member = etcd.members[0]
            var settings = etcd.configuration([EtcdEndpoint(address: "127.83.0.4", name: member.endpoint.name)])
            settings.watchSilence = .seconds(1)
            settings.maximumWatches = 1
            let configuration = settings
            let direct = etcd.configuration()
            try await TestProxy.with("127.83.0.4", target: member.address) { proxy in
                try await etcd.withClient(configuration) { client in
                    try await etcd.withClient(direct) { writer in try await hear(proxy, client, writer) }
                }
            }
        }
    }

    private func hear(_ proxy: TestProxy, _ client: EtcdClient, _ writer: EtcdClient) async throws {
        let heard = Heard()
        let watch = Task {
            for await event in client.watch(.prefix("/w/")) { heard.events.withLock { $0.append(event) } }
        }
        func wait(_ what: String, _ isSo: ([WatchEvent]) -> Bool) async throws {
            let deadline = ContinuousClock.now + .seconds(60)
            while !isSo(heard.events.withLock({ $0 })) {
                guard ContinuousClock.now < deadline else { throw TestEtcd.Failure(description: "never: \(what)") }
                try await Task.sleep(for: .milliseconds(20))
            }
        }
        func changes(_ events: [WatchEvent]) -> [String] {
            events.flatMap { event in
                if case .changed(let changes, _) = event { changes.map(\.value.text) } else { [String]() }
            }
        }
        try await wait("it has begun") { events in
            events.contains { if case .started = $0 { true } else { false } }
        }
        // The one place for a watch is taken.
        for await event in client.watch(.prefix("/")) {
            guard case .interrupted(let error) = event, error.reason == .tooManyRequests else {
                Issue.record("\(event)")
                break
            }
        }
        try await put(0..<2, writer)
        try await wait("two changes") { changes($0) == ["0", "1"] }
        proxy.lose(.everything)
        try await put(2..<4, writer)
        try await wait("the silence is noticed") { events in
            events.contains {
                if case .interrupted(let error) = $0 { error.reason == .deadline } else { false }
            }
        }
        proxy.lose(nil)
        try await wait("what happened meanwhile") { changes($0) == ["0", "1", "2", "3"] }
        let deleted = await writer.transact(StoreTransaction(then: [.delete(.key("/w/0"))]))
        #expect(deleted.success != nil)
        try await wait("a deletion") { events in
            guard case .changed(let changes, _)? = events.last(where: { if case .changed = $0 { true } else { false } })
            else { return false }
            return changes.map(\.kind) == [.delete] && changes[0].value.key == "/w/0"
        }
        watch.cancel()
        await watch.value
    }
}

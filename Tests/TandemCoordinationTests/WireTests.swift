import Foundation
import Testing

@testable import TandemCoordination

/// What is sent to etcd's gateway, and how its answers are read.
@Suite struct WireTests {
    private func text(_ value: WireValue) throws -> String { String(decoding: try value.json(), as: UTF8.self) }

    private func read<Value: WireAnswer>(_ type: Value.Type, _ text: String) throws -> Answer<Value> {
        try EtcdTransport.answer(Data(text.utf8), isOK: true, type)
    }

    private let header =
        #""header":{"cluster_id":"14841639068965178418","member_id":"9372538179322589801","revision":"7"}"#

    @Test func keysAreBase64AndNumbersAreText() throws {
        let query = RangeQuery(.prefix("/a/"), limit: 5, revision: 9_007_199_254_740_993, consistency: .serializable)
        #expect(
            try text(.range(query))
                == #"{"key":"L2Ev","limit":"5","range_end":"L2Ew","revision":"9007199254740993","serializable":true}"#)
    }

    @Test func aTransactionHasItsComparisonsAndBothBranches() throws {
        let transaction = StoreTransaction(
            if: [Comparison("k", .equal, .modRevision(3)), Comparison("k", .less, .lease(LeaseID(-2)))],
            then: [.put("k", "v", lease: LeaseID(4)), .delete(.key("d"))],
            else: [.range(RangeQuery(.key("k"), limit: 0)), .transaction(StoreTransaction(then: [.put("n", "")]))])
        #expect(
            try text(.transaction(transaction)) == #"{"compare":["#
                + #"{"key":"aw==","mod_revision":"3","result":"EQUAL","target":"MOD"},"#
                + #"{"key":"aw==","lease":"-2","result":"LESS","target":"LEASE"}],"#
                + #""failure":[{"request_range":{"key":"aw=="}},"#
                + #"{"request_txn":{"compare":[],"failure":[],"success":[{"request_put":{"key":"bg==","value":""}}]}}],"#
                + #""success":[{"request_put":{"key":"aw==","lease":"4","value":"dg=="}},"#
                + #"{"request_delete_range":{"key":"ZA=="}}]}"#)
        #expect(transaction.writes && !StoreTransaction(then: [.range(RangeQuery(.key("k")))]).writes)
        let nested = StoreTransaction(else: [.transaction(StoreTransaction(else: [.delete(.key("k"))]))])
        #expect(nested.writes)
    }

    @Test func aPrefixEndsBeforeTheNextKey() {
        #expect(KeyRange.prefix("/a/").end == Array("/a0".utf8))
        #expect(KeyRange.prefix(StoreKey(bytes: [1, 0xff, 0xff])).end == [2])
        #expect(KeyRange.prefix(StoreKey(bytes: [0xff])).end == [0])
        #expect(KeyRange.prefix("").first == [0] && KeyRange.prefix("").end == [0])
    }

    @Test func numbersOf64BitsAreReadExactlyAndUnknownFieldsAreIgnored() throws {
        let answer = try read(
            Reading.self,
            "{\(header),\"news\":{\"a\":[1]},\"kvs\":[{\"key\":\"aw==\",\"create_revision\":\"9007199254740993\","
                + "\"mod_revision\":12,\"version\":\"1\",\"value\":\"AP8=\",\"lease\":\"-3\",\"later\":null}],\"count\":\"1\"}"
        )
        let reading = try #require(answer.value)
        #expect(reading.header.clusterID == 14_841_639_068_965_178_418)
        #expect(
            reading.value
                == StoredValue(
                    key: "k", bytes: [0, 0xff], createRevision: 9_007_199_254_740_993, modRevision: 12, version: 1,
                    lease: LeaseID(-3)))
        #expect(reading.range.count == 1 && !reading.range.hasMore)
    }

    @Test func aFailedComparisonIsAnAnswerWithoutTheField() throws {
        let answer = try read(
            TransactionAnswer.self, "{\(header),\"responses\":[{\"response_range\":{\"header\":{}}}]}")
        let transaction = try #require(answer.value)
        #expect(!transaction.succeeded)
        #expect(transaction.answers == [.range(RangeAnswer(values: [], count: 0, hasMore: false))])
    }

    @Test(
        "What says neither who answered nor at which revision is no answer",
        arguments: [
            "{}", "[]", "", "{\"succeeded\":true}", "{\"header\":{},\"succeeded\":true}", "<html>", "{\"header\":7}",
        ])
    func noHeader(_ text: String) {
        #expect(throws: Meaningless.self) { try read(TransactionAnswer.self, text) }
        #expect(throws: Meaningless.self) { try read(Reading.self, text) }
        #expect(throws: Meaningless.self) { try read(WireLease.self, text) }
    }

    @Test(
        "Refusals are told apart from everything else by etcd's words",
        arguments: [
            (5, "etcdserver: requested lease not found", WireError.Meaning.refused(.leaseNotFound)),
            (11, "etcdserver: mvcc: required revision has been compacted", .refused(.compacted)),
            (11, "etcdserver: mvcc: required revision is a future revision", .refused(.futureRevision)),
            (5, "etcdserver: member not found", .refused(.memberNotFound)),
            (
                9, "etcdserver: can only promote a learner member which is in sync with leader",
                .refused(.learnerNotReady)
            ),
            (9, "etcdserver: can only promote a learner member", .refused(.notLearner)),
            (
                3, "etcdserver: duplicate key given in txn request",
                .refused(.invalid("etcdserver: duplicate key given in txn request"))
            ),
            (8, "etcdserver: mvcc: database space exceeded", .none(.noSpace)),
            (8, "etcdserver: too many requests", .none(.unavailable)),
            (14, "etcdserver: request timed out", .none(.unavailable)),
            (14, "etcdserver: no leader", .none(.unavailable)),
            (7, "etcdserver: permission denied", .none(.denied)),
            (2, "something new", .none(.unavailable)),
        ])
    func meanings(_ code: Int, _ message: String, _ meaning: WireError.Meaning) throws {
        #expect(WireError(code: code, message: message).meaning == meaning)
        let plain = "{\"error\":\"\(message)\",\"code\":\(code),\"message\":\"\(message)\"}"
        #expect(try JSONDecoder().decode(WireError.self, from: Data(plain.utf8)).meaning == meaning)
        let stream = "{\"error\":{\"grpc_code\":\(code),\"http_code\":503,\"message\":\"\(message)\"}}"
        #expect(try JSONDecoder().decode(WireError.self, from: Data(stream.utf8)).meaning == meaning)
    }

    @Test func aStreamOfBytesIsCutIntoLines() throws {
        var splitter = LineSplitter(bound: 8)
        #expect(try splitter.add(Array("ab".utf8)).isEmpty)
        #expect(try splitter.add(Array("c\n\nde\nf".utf8)) == [Array("abc".utf8), Array("de".utf8)])
        #expect(throws: LineSplitter.TooLong.self) { try splitter.add(Array("12345678".utf8)) }
    }

    @Test func aWatchTellsNothingTwiceAndGoesOnWhereItWas() throws {
        var progress = WatchProgress(from: 5, doing: "watch")
        func line(_ fields: String) -> [UInt8] { Array("{\"result\":{\(header)\(fields)}}".utf8) }
        func event(_ revision: Int) -> String {
            "{\"kv\":{\"key\":\"aw==\",\"mod_revision\":\"\(revision)\",\"version\":\"1\"}}"
        }
        guard case .tell(.started(at: 7)) = progress.take(line(",\"created\":true")) else {
            Issue.record("it has not begun")
            return
        }
        #expect(progress.next == 5)
        guard case .tell(.changed(let first, at: 7)) = progress.take(line(",\"events\":[\(event(5)),\(event(6))]"))
        else {
            Issue.record("nothing was told")
            return
        }
        #expect(first.map(\.value.modRevision) == [5, 6] && progress.next == 7)
        guard case .tell(.changed(let second, _)) = progress.take(line(",\"events\":[\(event(6)),\(event(8))]")) else {
            Issue.record("nothing was told")
            return
        }
        #expect(second.map(\.value.modRevision) == [8] && progress.next == 9)
        guard case .nothing = progress.take(line("")) else {
            Issue.record("a sign of life is no change")
            return
        }
        let compacted = line(",\"canceled\":true,\"compact_revision\":\"20\"")
        guard case .reconnect(.compacted(before: 20)) = progress.take(compacted) else {
            Issue.record("it does not say what is missing")
            return
        }
        #expect(progress.next == 20)
        let other = Array(#"{"result":{"header":{"cluster_id":"1","revision":"3"},"created":true}}"#.utf8)
        guard case .reconnect(.otherCluster) = progress.take(other) else {
            Issue.record("another cluster was taken for the same")
            return
        }
        #expect(progress.next == 0)
    }
}

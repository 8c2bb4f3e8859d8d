extension EtcdClient {
    /// Reads keys.
    public func read(
        _ query: RangeQuery, within deadline: Duration? = nil
    ) async throws(CoordinationError) -> Answer<Reading> {
        let call = try EtcdCall(
            "/v3/kv/range", .range(query), doing: "read \(query.keys) from etcd", isRepeatable: true,
            wantsLeader: query.consistency == .linearizable)
        return try await ask(call, as: Reading.self, within: deadline)
    }

    /// Reads one key, linearizably.
    public func read(
        _ key: StoreKey, within deadline: Duration? = nil
    ) async throws(CoordinationError) -> Answer<Reading> {
        try await read(RangeQuery(.key(key), limit: 1), within: deadline)
    }

    /// Reads several keys as they are at one moment, linearizably.
    /// - Returns: one answer for each query, all of the header's revision.
    public func read(
        _ queries: [RangeQuery], within deadline: Duration? = nil
    ) async throws(CoordinationError) -> Answer<(header: AnswerHeader, ranges: [RangeAnswer])> {
        let doing = "read \(queries.map { "\($0.keys)" }.joined(separator: ", ")) from etcd"
        let call = try EtcdCall(
            "/v3/kv/txn", .transaction(StoreTransaction(then: queries.map { .range($0) })), doing: doing,
            isRepeatable: true)
        let answer = try await ask(call, as: TransactionAnswer.self, within: deadline)
        guard case .value(let value) = answer else { return answer.map { ($0.header, []) } }
        let ranges = value.answers.compactMap { if case .range(let range) = $0 { range } else { nil } }
        guard ranges.count == queries.count else {
            throw CoordinationError(
                .malformedAnswer, doing: doing,
                what: "\(queries.count) keys were asked for, and \(ranges.count) answered",
                next: "Check that all members are etcd of version 3.4 or later.")
        }
        return .value((value.header, ranges))
    }

    /// Sends a transaction, once. Only where it certainly never left is another member tried.
    public func transact(_ transaction: StoreTransaction, within deadline: Duration? = nil) async -> TransactionOutcome
    {
        do throws(CoordinationError) {
            let call = try EtcdCall(
                "/v3/kv/txn", .transaction(transaction), doing: "carry out a transaction in etcd",
                isRepeatable: !transaction.writes)
            switch try await ask(call, as: TransactionAnswer.self, within: deadline) {
            case .value(let answer): return .answered(answer)
            case .refused(let refusal): return .refused(refusal)
            }
        } catch {
            return .unknown(error)
        }
    }

    /// Forgets what keys were before this revision.
    public func compact(
        before revision: Revision, within deadline: Duration? = nil
    ) async throws(CoordinationError) -> Answer<AnswerHeader> {
        let call = try EtcdCall(
            "/v3/kv/compaction", .object(["revision": .number(revision)]), doing: "compact etcd before \(revision)",
            isRepeatable: false)
        return try await ask(call, as: WireDone.self, within: deadline).map(\.header)
    }
}

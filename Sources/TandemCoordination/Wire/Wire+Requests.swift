extension WireValue {
    static func range(_ query: RangeQuery) -> WireValue {
        var fields = keys(query.keys)
        if query.limit > 0 { fields["limit"] = .number(query.limit) }
        if let revision = query.revision { fields["revision"] = .number(revision) }
        if query.consistency == .serializable { fields["serializable"] = .flag(true) }
        return .object(fields)
    }

    static func transaction(_ transaction: StoreTransaction) -> WireValue {
        .object([
            "compare": .list(transaction.comparisons.map(comparison)),
            "success": .list(transaction.success.map(operation)),
            "failure": .list(transaction.failure.map(operation)),
        ])
    }

    static func watch(_ keys: KeyRange, from revision: Revision) -> WireValue {
        var fields = self.keys(keys)
        if revision > 0 { fields["start_revision"] = .number(revision) }
        return .object(["create_request": .object(fields)])
    }

    private static func keys(_ keys: KeyRange) -> [String: WireValue] {
        var fields: [String: WireValue] = ["key": .bytes(keys.first)]
        if let end = keys.end { fields["range_end"] = .bytes(end) }
        return fields
    }

    private static func comparison(_ comparison: Comparison) -> WireValue {
        let (target, field, value): (String, String, WireValue) =
            switch comparison.subject {
            case .version(let version): ("VERSION", "version", .number(version))
            case .createRevision(let revision): ("CREATE", "create_revision", .number(revision))
            case .modRevision(let revision): ("MOD", "mod_revision", .number(revision))
            case .value(let bytes): ("VALUE", "value", .bytes(bytes))
            case .lease(let lease): ("LEASE", "lease", .number(lease.number))
            }
        return .object([
            "key": .bytes(comparison.key.bytes), "result": .text(comparison.relation.rawValue),
            "target": .text(target), field: value,
        ])
    }

    private static func operation(_ operation: StoreOperation) -> WireValue {
        switch operation {
        case .put(let key, let bytes, let lease):
            var fields: [String: WireValue] = ["key": .bytes(key.bytes), "value": .bytes(bytes)]
            if let lease { fields["lease"] = .number(lease.number) }
            return .object(["request_put": .object(fields)])
        case .delete(let keys): return .object(["request_delete_range": .object(self.keys(keys))])
        case .range(let query): return .object(["request_range": range(query)])
        case .transaction(let inner): return .object(["request_txn": transaction(inner)])
        }
    }
}

/// An answer of the gateway, as it comes. Fields that are not known are ignored: later versions may have more.
protocol WireAnswer: Decodable, Sendable {}

extension AnswerHeader: WireAnswer {
    public init(from decoder: any Decoder) throws {
        let fields = try decoder.fields()
        self.init(
            clusterID: try fields.integer("cluster_id"), memberID: try fields.integer("member_id"),
            revision: try fields.integer("revision"), term: try fields.integer("raft_term"))
    }
}

extension KeyedDecodingContainer<WireKey> {
    /// Every answer of etcd has one, with the revision that the store has: without it, nothing else in it means
    /// anything.
    func header() throws -> AnswerHeader {
        let header = try decode(AnswerHeader.self, forKey: "header")
        guard header.revision > 0, header.clusterID != 0 else {
            throw DecodingError.dataCorruptedError(
                forKey: "header", in: self, debugDescription: "it does not say which store answered, at which revision")
        }
        return header
    }
}

/// An answer that says nothing but that it was done.
struct WireDone: WireAnswer {
    let header: AnswerHeader

    init(from decoder: any Decoder) throws { header = try decoder.fields().header() }
}

extension StoredValue: WireAnswer {
    public init(from decoder: any Decoder) throws {
        let fields = try decoder.fields()
        let lease: Int64 = try fields.integer("lease")
        self.init(
            key: StoreKey(bytes: try fields.bytes("key")), bytes: try fields.bytes("value"),
            createRevision: try fields.integer("create_revision"), modRevision: try fields.integer("mod_revision"),
            version: try fields.integer("version"), lease: lease == 0 ? nil : LeaseID(lease))
    }
}

extension RangeAnswer: WireAnswer {
    public init(from decoder: any Decoder) throws {
        let fields = try decoder.fields()
        self.init(
            values: try fields.list("kvs"), count: try fields.integer("count"), hasMore: try fields.flag("more"))
    }
}

extension Reading: WireAnswer {
    public init(from decoder: any Decoder) throws {
        self.init(header: try decoder.fields().header(), range: try RangeAnswer(from: decoder))
    }
}

extension OperationAnswer: WireAnswer {
    public init(from decoder: any Decoder) throws {
        let fields = try decoder.fields()
        if fields.contains("response_range") {
            self = .range(try fields.decode(RangeAnswer.self, forKey: "response_range"))
        } else if fields.contains("response_put") {
            self = .put
        } else if fields.contains("response_delete_range") {
            let inner = try fields.nestedContainer(keyedBy: WireKey.self, forKey: "response_delete_range")
            self = .deleted(count: try inner.integer("deleted"))
        } else if fields.contains("response_txn") {
            let inner = try fields.nestedContainer(keyedBy: WireKey.self, forKey: "response_txn")
            self = .transaction(succeeded: try inner.flag("succeeded"), try inner.list("responses"))
        } else {
            throw DecodingError.dataCorrupted(
                .init(
                    codingPath: decoder.codingPath, debugDescription: "the answer to an operation is of no known kind"))
        }
    }
}

extension TransactionAnswer: WireAnswer {
    public init(from decoder: any Decoder) throws {
        let fields = try decoder.fields()
        self.init(
            header: try fields.header(), succeeded: try fields.flag("succeeded"),
            answers: try fields.list("responses"))
    }
}

struct WireLeases: WireAnswer {
    let leases: [LeaseID]

    private struct One: Decodable {
        let id: LeaseID

        init(from decoder: any Decoder) throws { id = LeaseID(try decoder.fields().integer("ID")) }
    }

    init(from decoder: any Decoder) throws {
        let fields = try decoder.fields()
        _ = try fields.header()
        let leases: [One] = try fields.list("leases")
        self.leases = leases.map(\.id)
    }
}

/// To a lease's grant and, inside a `result`, to its renewal; with more fields, to the question for its state.
struct WireLease: WireAnswer {
    let id: LeaseID
    /// 0 or less: there is no such lease.
    let seconds: Int64
    let grantedSeconds: Int64
    let keys: [StoreKey]

    init(from decoder: any Decoder) throws {
        var fields = try decoder.fields()
        // The gateway answers a stream, of one piece.
        if fields.contains("result") { fields = try fields.nestedContainer(keyedBy: WireKey.self, forKey: "result") }
        _ = try fields.header()
        id = LeaseID(try fields.integer("ID"))
        seconds = try fields.integer("TTL")
        grantedSeconds = try fields.integer("grantedTTL")
        let keys: [String] = try fields.list("keys")
        self.keys = keys.compactMap { WireBase64.bytes($0).map { StoreKey(bytes: $0) } }
    }
}

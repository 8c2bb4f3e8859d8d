/// An error of etcd, as the gateway passes it on: a number of gRPC's and etcd's own words.
struct WireError: WireAnswer, Hashable {
    let code: Int
    let message: String

    init(code: Int, message: String) {
        self.code = code
        self.message = message
    }

    init(from decoder: any Decoder) throws {
        var fields = try decoder.fields()
        // In a stream the error is an object, with other names.
        if let inner = try? fields.nestedContainer(keyedBy: WireKey.self, forKey: "error") {
            fields = inner
            code = try fields.integer("grpc_code")
        } else {
            code = try fields.integer("code")
        }
        message = try fields.contains("message") ? fields.text("message") : fields.text("error")
        guard code != 0 || !message.isEmpty else {
            throw DecodingError.dataCorrupted(.init(codingPath: [], debugDescription: "it is no error"))
        }
    }

    enum Meaning: Equatable {
        /// Nothing took place.
        case refused(Refusal)
        /// No answer to the question.
        case none(CoordinationError.Reason)
    }

    /// By etcd's words, since one number stands for many things. What is not known is no answer: that is always safe.
    var meaning: Meaning {
        for (words, refusal) in Self.refusals where message.contains(words) { return .refused(refusal) }
        switch code {
        case 3: return .refused(.invalid(message))
        case 7, 16: return .none(.denied)
        case 8 where message.contains("database space exceeded"): return .none(.noSpace)
        default: return .none(.unavailable)
        }
    }

    private static let refusals: [(String, Refusal)] = [
        ("requested lease not found", .leaseNotFound),
        ("lease already exists", .leaseExists),
        ("required revision has been compacted", .compacted),
        ("required revision is a future revision", .futureRevision),
        ("member not found", .memberNotFound),
        ("member ID already exist", .memberExists),
        ("Peer URLs already exists", .memberExists),
        ("can only promote a learner member which is in sync with leader", .learnerNotReady),
        ("can only promote a learner member", .notLearner),
        ("too many learner members", .tooManyLearners),
        ("re-configuration failed due to not enough started members", .wouldLoseMajority),
        ("unhealthy cluster", .wouldLoseMajority),
    ]
}

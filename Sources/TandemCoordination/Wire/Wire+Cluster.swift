import Foundation

enum WireBase64 {
    static func bytes(_ text: String) -> [UInt8]? { Data(base64Encoded: text).map { Array($0) } }
}

extension Member: WireAnswer {
    public init(from decoder: any Decoder) throws {
        let fields = try decoder.fields()
        self.init(
            id: try fields.integer("ID"), name: try fields.text("name"), peerURLs: try fields.list("peerURLs"),
            clientURLs: try fields.list("clientURLs"), isLearner: try fields.flag("isLearner"))
    }
}

struct WireMembers: WireAnswer {
    let members: [Member]
    /// The one that was added.
    let member: Member?

    init(from decoder: any Decoder) throws {
        let fields = try decoder.fields()
        // Such an answer has no revision.
        let header = try fields.decode(AnswerHeader.self, forKey: "header")
        guard header.clusterID != 0 else {
            throw DecodingError.dataCorruptedError(
                forKey: "header", in: fields, debugDescription: "it does not say which store answered")
        }
        members = try fields.list("members")
        member = try fields.decodeIfPresent(Member.self, forKey: "member")
    }
}

extension MemberStatus: WireAnswer {
    public init(from decoder: any Decoder) throws {
        let fields = try decoder.fields()
        let leader: UInt64 = try fields.integer("leader")
        header = try fields.header()
        version = try fields.text("version")
        databaseBytes = try fields.integer("dbSize")
        usedBytes = try fields.integer("dbSizeInUse")
        self.leader = leader == 0 ? nil : leader
        appliedIndex = try fields.integer("raftAppliedIndex")
        isLearner = try fields.flag("isLearner")
        errors = try fields.list("errors")
    }
}

struct WireAlarms: WireAnswer {
    let alarms: [Alarm]

    init(from decoder: any Decoder) throws {
        let fields = try decoder.fields()
        _ = try fields.decode(AnswerHeader.self, forKey: "header")
        alarms = try fields.list("alarms")
    }
}

extension Alarm: WireAnswer {
    public init(from decoder: any Decoder) throws {
        let fields = try decoder.fields()
        let kind: Kind =
            switch try fields.text("alarm") {
            case "NOSPACE": .noSpace
            case "CORRUPT": .corrupt
            case let word: .other(word)
            }
        self.init(member: try fields.integer("memberID"), kind: kind)
    }

    var word: String {
        switch kind {
        case .noSpace: "NOSPACE"
        case .corrupt: "CORRUPT"
        case .other(let word): word
        }
    }
}

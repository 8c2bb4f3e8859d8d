public import TandemFailover

/// What one agent sends to another: a status, a question for the primary's inventory, or its answer.
///
/// `{"status":{…}}`, `{"question":7}`, `{"question":7,"inventory":{"epoch":3,"executed":"UUID:1-5","purged":""}}`:
/// frozen, as the forms in etcd are. Whoever sends is known by the certificate, not by the message.
public enum PeerMessage: Hashable, Sendable {
    case status(PeerStatus)
    case question(UInt64)
    case answer(question: UInt64, epoch: UInt64, ServerTransactions)
}

extension PeerMessage: Codable {
    enum CodingKeys: String, CodingKey { case status, question, inventory }
    enum InventoryKeys: String, CodingKey { case epoch, executed, purged }

    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        if let status = try values.decodeIfPresent(PeerStatus.self, forKey: .status) {
            self = .status(status)
            return
        }
        let question = try values.decode(UInt64.self, forKey: .question)
        guard values.contains(.inventory) else {
            self = .question(question)
            return
        }
        let inventory = try values.nestedContainer(keyedBy: InventoryKeys.self, forKey: .inventory)
        self = .answer(
            question: question, epoch: try inventory.decode(UInt64.self, forKey: .epoch),
            ServerTransactions(
                executed: try inventory.decode(String.self, forKey: .executed),
                purged: try inventory.decode(String.self, forKey: .purged)))
    }

    public func encode(to encoder: any Encoder) throws {
        var values = encoder.container(keyedBy: CodingKeys.self)
        switch self {
        case .status(let status): try values.encode(status, forKey: .status)
        case .question(let question): try values.encode(question, forKey: .question)
        case .answer(let question, let epoch, let transactions):
            try values.encode(question, forKey: .question)
            var inventory = values.nestedContainer(keyedBy: InventoryKeys.self, forKey: .inventory)
            try inventory.encode(epoch, forKey: .epoch)
            try inventory.encode(transactions.executed, forKey: .executed)
            try inventory.encode(transactions.purged, forKey: .purged)
        }
    }
}

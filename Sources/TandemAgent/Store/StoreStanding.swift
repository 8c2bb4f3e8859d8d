import TandemStack

/// What a host's agent says of its etcd, to the agents of the other hosts.
struct StoreStanding: Codable, Sendable, Equatable {
    enum Stage: String, Codable, Sendable {
        /// It has no data of etcd.
        case none
        /// It has none, and means to found etcd.
        case claimed
        /// It has data, and so is or was a member.
        case member
    }

    var host: String
    /// Of its settings: higher in those that were given later.
    var revision: Int
    /// The hosts that vote, by its settings; empty where these know nothing of etcd.
    var voters: [String]
    var stage: Stage
}

/// What an agent does whose etcd has no data. Pure.
///
/// There must never be two of one stack. So nobody founds etcd before every other voter's agent has said that it has no
/// data; of those whose settings know of etcd the first one in the stack file does, alone, and the others join it. A
/// claim is written down before the others are asked, and whoever sees another's claim does not found: of two that look
/// at the same time, at most one goes on.
enum StoreStep: Sendable, Equatable {
    /// As a new member of those that there are.
    case join
    /// Writes its claim, and looks again.
    case claim
    case found
    /// Takes its claim back, where it has one, and looks again.
    case wait(String)

    /// - Parameters:
    ///   - hasClaim: whether this host's claim was written down before the others were asked.
    ///   - voters: all of them, in the order of the stack file.
    ///   - others: what their agents said; without those that said nothing.
    static func next(
        own: StoreStanding, hasClaim: Bool, voters: [String], others: [String: StoreStanding]
    ) -> StoreStep {
        if others.values.contains(where: { $0.revision > own.revision && !$0.voters.contains(own.host) }) {
            return .wait("it has no vote any more")
        }
        if others.values.contains(where: { $0.stage == .member }) { return .join }
        let silent = voters.filter { $0 != own.host && others[$0] == nil }
        guard silent.isEmpty else {
            return .wait(
                "waiting for the agents of \(silent.joined(separator: ", ")), to know whether there is an etcd")
        }
        let first = voters.first { $0 == own.host || others[$0]?.voters.contains($0) == true }
        guard let first, first == own.host else { return .wait("waiting for etcd on \(first ?? "another host")") }
        if let other = others.values.first(where: { $0.stage == .claimed }) {
            return .wait("waiting for etcd on \(other.host)")
        }
        return hasClaim ? .found : .claim
    }
}

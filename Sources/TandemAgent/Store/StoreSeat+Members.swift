import Foundation
import Logging
import TandemBlueprint
import TandemCoordination
import TandemStack

/// etcd refuses a change of its members for now.
struct StoreRefusal: Error {
    let reason: String

    init(_ refusal: Refusal) {
        reason =
            switch refusal {
            case .tooManyLearners: "another one is just joining"
            case .wouldLoseMajority: "too few of them run"
            case .learnerNotReady: "it has not caught up"
            default: "\(refusal)"
            }
    }
}

extension StoreSeat {
    private static let deadline = Duration.seconds(5)

    private var peerURL: String { Self.peerURL(host) }

    private static func peerURL(_ host: Host) -> String { "https://\(host.address):\(Ports.storePeer)" }

    func own(in members: [Member]) -> Member? { members.first { $0.peerURLs.contains(peerURL) } }

    /// The members, as the other hosts' majority knows them.
    func members(within deadline: Duration) async throws -> [Member] {
        try await connections.others().members(within: deadline).get()
    }

    /// Becomes a member anew. One that has lost its data must not go on as the one it was: it has forgotten what it
    /// voted for.
    func join() async throws {
        let client = try await connections.others()
        let members = try await client.members(within: Self.deadline).get()
        try setAside()
        for former in members where former.peerURLs.contains(peerURL) || former.name == host.name {
            _ = try await client.removeMember(former.id, within: Self.deadline).get()
        }
        // Without a vote until it has caught up, so that the others' majority is never in want of it.
        _ = try await client.addMember(peerURLs: [peerURL], isLearner: true, within: Self.deadline).get()
        let all = try await client.members(within: Self.deadline).get()
        try begin(
            .joining(
                members: all.flatMap { member in
                    let name = member.peerURLs.contains(peerURL) ? host.name : member.name
                    return member.peerURLs.map { "\(name)=\($0)" }
                }))
        logger.info("joining etcd's members")
    }

    /// Takes this host out of the members, while it still runs: of two members neither can be taken out once it has
    /// stopped.
    func leave() async throws {
        halt()
        guard stack.voters.contains(where: { $0.name != host.name }) else { return }
        let client = try await connections.others()
        guard let own = own(in: try await client.members(within: Self.deadline).get()) else { return }
        _ = try await client.removeMember(own.id, within: Self.deadline).get()
        logger.info("left etcd's members")
    }

    /// What an agent does whose host has a vote no more. Where etcd does not answer, another agent takes it out later.
    func giveUp() async {
        guard standing.stage == .member else { return }
        do { try await leave() } catch { logger.warning("cannot leave etcd's members: \(error)") }
    }

    /// Once etcd has ended here.
    func forget() {
        do { try setAside() } catch { logger.warning("cannot set etcd's data aside: \(error)") }
    }

    /// Takes out whoever is a member and has no vote by the stack file, once: such as a host that was removed while it
    /// was away. The first voter's agent does it, as soon as the agents of all voters have the same settings.
    func tidy() async {
        guard stack.voters.first?.name == host.name else { return }
        while !Task.isCancelled {
            try? await Task.sleep(for: .seconds(2))
            if (try? await removeStrangers()) == true { return }
        }
    }

    /// - Returns: whether there is none left.
    private func removeStrangers() async throws -> Bool {
        guard standing.stage == .member else { return false }
        for other in stack.voters where other.name != host.name {
            guard try await agents.store(of: other, timeout: .seconds(2)).voters == standing.voters else {
                return false
            }
        }
        let client = try await connections.own()
        let voters = Set(stack.voters.map(Self.peerURL))
        let members = try await client.members(within: Self.deadline).get()
        guard let stranger = members.first(where: { voters.isDisjoint(with: $0.peerURLs) }) else { return true }
        logger.info("taking \(stranger.name), which has no vote by the stack file, out of etcd's members")
        _ = try await client.removeMember(stranger.id, within: Self.deadline).get()
        return false
    }
}

extension Answer {
    /// - Throws: `StoreRefusal`.
    func get() throws -> Value {
        switch self {
        case .value(let value): return value
        case .refused(let refusal): throw StoreRefusal(refusal)
        }
    }
}

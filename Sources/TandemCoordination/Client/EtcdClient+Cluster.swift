extension EtcdClient {
    /// The members, as a majority knows them.
    public func members(within deadline: Duration? = nil) async throws(CoordinationError) -> Answer<[Member]> {
        let call = try EtcdCall(
            "/v3/cluster/member/list", .object(["linearizable": .flag(true)]), doing: "ask etcd for its members",
            isRepeatable: true)
        return try await ask(call, as: WireMembers.self, within: deadline).map(\.members)
    }

    /// Adds a member that is to be started afterwards.
    /// - Parameter isLearner: it does not vote until it is promoted, so that it cannot cost the others their majority.
    public func addMember(
        peerURLs: [String], isLearner: Bool, within deadline: Duration? = nil
    ) async throws(CoordinationError) -> Answer<Member> {
        let doing = "add \(peerURLs.joined(separator: ", ")) to etcd's members"
        let body: WireValue = .object([
            "peerURLs": .list(peerURLs.map { .text($0) }), "isLearner": .flag(isLearner),
        ])
        let call = try EtcdCall("/v3/cluster/member/add", body, doing: doing, isRepeatable: false)
        switch try await ask(call, as: WireMembers.self, within: deadline) {
        case .refused(let refusal): return .refused(refusal)
        case .value(let answer):
            guard let member = answer.member else {
                throw CoordinationError(
                    .malformedAnswer, doing: doing, what: "the answer names no member",
                    next: "Look at the list of members.")
            }
            return .value(member)
        }
    }

    public func removeMember(
        _ id: UInt64, within deadline: Duration? = nil
    ) async throws(CoordinationError) -> Answer<[Member]> {
        try await change("remove", id, deadline)
    }

    /// Lets a learner vote. `Refusal.learnerNotReady` until it has caught up.
    public func promoteMember(
        _ id: UInt64, within deadline: Duration? = nil
    ) async throws(CoordinationError) -> Answer<[Member]> {
        try await change("promote", id, deadline)
    }

    private func change(
        _ verb: String, _ id: UInt64, _ deadline: Duration?
    ) async throws(CoordinationError) -> Answer<[Member]> {
        let call = try EtcdCall(
            "/v3/cluster/member/\(verb)", .object(["ID": .number(id)]),
            doing: "\(verb) etcd's member \(String(id, radix: 16))", isRepeatable: false)
        return try await ask(call, as: WireMembers.self, within: deadline).map(\.members)
    }

    /// What one member says of itself, also without the others.
    public func status(
        of endpoint: EtcdEndpoint, within deadline: Duration? = nil
    ) async throws(CoordinationError) -> Answer<MemberStatus> {
        let call = try EtcdCall(
            "/v3/maintenance/status", .object([:]), doing: "ask etcd for its status", isRepeatable: true,
            wantsLeader: false)
        return try await ask(call, as: MemberStatus.self, at: endpoint, within: deadline)
    }

    public func alarms(within deadline: Duration? = nil) async throws(CoordinationError) -> Answer<[Alarm]> {
        let call = try EtcdCall(
            "/v3/maintenance/alarm", .object(["action": .text("GET")]), doing: "ask etcd for its alarms",
            isRepeatable: true)
        return try await ask(call, as: WireAlarms.self, within: deadline).map(\.alarms)
    }

    /// Takes an alarm back, once its cause is gone.
    public func disarm(
        _ alarm: Alarm, within deadline: Duration? = nil
    ) async throws(CoordinationError) -> Answer<[Alarm]> {
        let body: WireValue = .object([
            "action": .text("DEACTIVATE"), "memberID": .number(alarm.member), "alarm": .text(alarm.word),
        ])
        let call = try EtcdCall(
            "/v3/maintenance/alarm", body, doing: "take etcd's alarm \(alarm.word) back", isRepeatable: false)
        return try await ask(call, as: WireAlarms.self, within: deadline).map(\.alarms)
    }

    /// Gives the disk space back that compaction has freed. The member answers nothing meanwhile: one after the other.
    public func defragment(
        _ endpoint: EtcdEndpoint, within deadline: Duration = .seconds(60)
    ) async throws(CoordinationError) -> Answer<Void> {
        let call = try EtcdCall(
            "/v3/maintenance/defragment", .object([:]), doing: "defragment etcd", isRepeatable: false,
            wantsLeader: false)
        return try await ask(call, as: WireEmpty.self, at: endpoint, within: deadline).map { _ in }
    }
}

/// To a defragmentation etcd answers nothing at all.
struct WireEmpty: WireAnswer {
    init(from decoder: any Decoder) throws { _ = try decoder.fields() }
}

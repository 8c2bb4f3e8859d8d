extension EtcdClient {
    /// Takes a lease. Without an answer there may be one, which runs out by itself.
    /// - Parameter timeToLive: in whole seconds, rounded up. etcd gives at least one and a half times its election
    ///   time.
    public func grantLease(
        _ timeToLive: Duration, within deadline: Duration? = nil
    ) async throws(CoordinationError) -> Answer<Lease> {
        let (seconds, rest) = timeToLive.components
        let body: WireValue = .object(["TTL": .number(max(1, seconds + (rest > 0 ? 1 : 0)))])
        return try await lease(
            try EtcdCall("/v3/lease/grant", body, doing: "take a lease in etcd", isRepeatable: false), deadline)
    }

    /// Gives a lease its whole time again. A lease that is gone is `Refusal.leaseNotFound`.
    public func keepAlive(
        _ id: LeaseID, within deadline: Duration? = nil
    ) async throws(CoordinationError) -> Answer<Lease> {
        try await lease(
            try EtcdCall(
                "/v3/lease/keepalive", .object(["ID": .number(id.number)]), doing: "renew lease \(id) in etcd",
                isRepeatable: true), deadline)
    }

    private func lease(_ call: EtcdCall, _ deadline: Duration?) async throws(CoordinationError) -> Answer<Lease> {
        // Not from the answer: etcd's own clock began to run at some moment after this one.
        let sent = ContinuousClock.now
        switch try await ask(call, as: WireLease.self, within: deadline) {
        case .refused(let refusal): return .refused(refusal)
        // How etcd answers to a lease that is gone: without a time.
        case .value(let lease) where lease.seconds <= 0: return .refused(.leaseNotFound)
        case .value(let lease):
            let time = Duration.seconds(lease.seconds)
            return .value(Lease(id: lease.id, timeToLive: time, validUntil: sent + time))
        }
    }

    /// Ends a lease, and deletes the keys under it.
    public func revoke(
        _ id: LeaseID, within deadline: Duration? = nil
    ) async throws(CoordinationError) -> Answer<AnswerHeader> {
        let call = try EtcdCall(
            "/v3/lease/revoke", .object(["ID": .number(id.number)]), doing: "revoke lease \(id) in etcd",
            isRepeatable: false)
        return try await ask(call, as: WireDone.self, within: deadline).map(\.header)
    }

    /// All leases that have not run out, whoever has them.
    public func leases(within deadline: Duration? = nil) async throws(CoordinationError) -> Answer<[LeaseID]> {
        let call = try EtcdCall("/v3/lease/leases", .object([:]), doing: "list etcd's leases", isRepeatable: true)
        return try await ask(call, as: WireLeases.self, within: deadline).map(\.leases)
    }

    /// Asks what is left of a lease, without renewing it.
    public func state(
        of id: LeaseID, within deadline: Duration? = nil
    ) async throws(CoordinationError) -> Answer<LeaseState> {
        let call = try EtcdCall(
            "/v3/lease/timetolive", .object(["ID": .number(id.number), "keys": .flag(true)]),
            doing: "ask etcd for lease \(id)", isRepeatable: true)
        switch try await ask(call, as: WireLease.self, within: deadline) {
        case .refused(let refusal): return .refused(refusal)
        case .value(let lease) where lease.seconds < 0 || lease.grantedSeconds <= 0: return .refused(.leaseNotFound)
        case .value(let lease):
            return .value(
                LeaseState(
                    id: lease.id, remaining: .seconds(lease.seconds), timeToLive: .seconds(lease.grantedSeconds),
                    keys: lease.keys))
        }
    }
}

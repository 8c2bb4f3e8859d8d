/// A lease that was granted or renewed.
public struct Lease: Hashable, Sendable {
    public var id: LeaseID
    /// What etcd gave, which may be more than was asked for.
    public var timeToLive: Duration
    /// Until when it cannot have run out by itself: counted from the moment before the request was sent, on this host's
    /// clock that never jumps. etcd may keep it longer; it may also be revoked at any moment, so it proves nothing
    /// else.
    public var validUntil: ContinuousClock.Instant

    public init(id: LeaseID, timeToLive: Duration, validUntil: ContinuousClock.Instant) {
        self.id = id
        self.timeToLive = timeToLive
        self.validUntil = validUntil
    }
}

/// What etcd says of a lease without renewing it.
public struct LeaseState: Hashable, Sendable {
    public var id: LeaseID
    public var remaining: Duration
    public var timeToLive: Duration
    public var keys: [StoreKey]

    public init(id: LeaseID, remaining: Duration, timeToLive: Duration, keys: [StoreKey]) {
        self.id = id
        self.remaining = remaining
        self.timeToLive = timeToLive
        self.keys = keys
    }
}

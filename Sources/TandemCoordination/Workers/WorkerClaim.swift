/// Whether one host may run a worker that one host at a time runs. A value: told of etcd's answers, it says at any
/// moment what the host has to do.
///
/// The claim is a key under a lease. Its holder goes by its own clock, which begins to count before the request is
/// sent, so that the worker has ended, by SIGKILL if need be, before etcd can give the key to another host.
public struct WorkerClaim: Sendable, Equatable {
    public typealias Instant = ContinuousClock.Instant

    /// How long etcd may leave the holder without an answer before the worker is told to end.
    public static let patience = Duration.seconds(10)
    /// What SIGKILL gets to take effect on a busy machine.
    public static let margin = Duration.seconds(5)

    /// - Parameter stopBound: how long the worker may take to end.
    public static func leaseTime(stopBound: Duration) -> Duration { patience + stopBound + margin }

    public enum Answer: Sendable, Equatable {
        case held(Lease)
        /// Another host has it; nil where its name is not known.
        case taken(by: String?)
        /// It was ours, and is not any more.
        case gone
        /// etcd did not answer.
        case silent
    }

    public enum Right: Sendable, Equatable {
        case run
        /// What runs has to end in this time, SIGKILL included; zero: at once.
        case end(within: Duration)
    }

    public enum Step: Sendable, Equatable {
        case take
        case renew(LeaseID)
    }

    /// What etcd gave last; nil: nothing, or what was lost.
    public private(set) var lease: Lease?
    /// Who has it instead, as far as etcd has said.
    public private(set) var holder: String?
    /// Whether the last question went without an answer.
    public private(set) var isSilent = false

    /// - Parameter lease: which an earlier agent of this host held.
    public init(lease: Lease? = nil) { self.lease = lease }

    public mutating func heard(_ answer: Answer) {
        isSilent = answer == .silent
        switch answer {
        case .held(let new):
            lease = new
            holder = nil
        case .taken(let host):
            lease = nil
            holder = host
        case .gone:
            lease = nil
            holder = nil
        case .silent: break
        }
    }

    public mutating func gaveUp() { self = WorkerClaim() }

    public func right(at now: Instant) -> Right {
        guard let lease else { return .end(within: .zero) }
        let renewed = lease.validUntil - lease.timeToLive
        if now < renewed + Self.patience { return .run }
        return .end(within: max(.zero, now.duration(to: lease.validUntil - Self.margin)))
    }

    /// The agent does not renew a lease that may have run out: another host may have the key by now, and an answer that
    /// comes too late must not count.
    public func step(at now: Instant) -> Step {
        guard let lease, now < lease.validUntil else { return .take }
        return .renew(lease.id)
    }
}

/// What agents tell each other, a few times a second and whenever it changes.
public struct PeerStatus: Hashable, Sendable, Codable {
    /// The newest `state` that the sender has read, 0 for none.
    public var epoch: UInt64
    public var stateRevision: UInt64
    public var holdsData: Bool
    public var isFresh: Bool
    /// Its server is up and answers.
    public var serverAnswers: Bool
    /// It is the primary and its server takes commits.
    public var takesCommits: Bool
    /// It follows the primary of `epoch`, close behind.
    public var followsClosely: Bool
    /// Its receiver is connected to the primary and acknowledges.
    public var acknowledges: Bool
    /// Neither acknowledges nor will, having read `stateRevision` without finding itself named.
    public var willNotAcknowledge: Bool
    /// It is the primary, has closed, has nothing in flight, and asks its partner to take over.
    public var handsOver: Bool
    /// An operator wants its server stopped.
    public var isHeld: Bool
    /// It has been in a stack: it knows an `init`, from etcd or from beside its data.
    public var remembersStack: Bool
    /// Whose agents it heard lately.
    public var hears: HostSet

    public init(
        epoch: UInt64 = 0, stateRevision: UInt64 = 0, holdsData: Bool = true, isFresh: Bool = false,
        serverAnswers: Bool = false, takesCommits: Bool = false, followsClosely: Bool = false,
        acknowledges: Bool = false, willNotAcknowledge: Bool = false, handsOver: Bool = false, isHeld: Bool = false,
        remembersStack: Bool = false,
        hears: HostSet = HostSet()
    ) {
        self.epoch = epoch
        self.stateRevision = stateRevision
        self.holdsData = holdsData
        self.isFresh = isFresh
        self.serverAnswers = serverAnswers
        self.takesCommits = takesCommits
        self.followsClosely = followsClosely
        self.acknowledges = acknowledges
        self.willNotAcknowledge = willNotAcknowledge
        self.handsOver = handsOver
        self.isHeld = isHeld
        self.remembersStack = remembersStack
        self.hears = hears
    }
}

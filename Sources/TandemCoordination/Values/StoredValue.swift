/// A lease: keys under it are deleted when it runs out.
public struct LeaseID: Hashable, Sendable, CustomStringConvertible {
    public let number: Int64

    public init(_ number: Int64) { self.number = number }

    /// As etcd's own tools write it.
    public var description: String { String(number, radix: 16) }
}

/// A key with its value, and what etcd knows of the two.
public struct StoredValue: Hashable, Sendable {
    public var key: StoreKey
    public var bytes: [UInt8]
    /// When the key was created last; deleting ends it.
    public var createRevision: Revision
    /// When it was written last.
    public var modRevision: Revision
    /// How often it was written since it was created, 1 at first.
    public var version: Int64
    public var lease: LeaseID?

    public init(
        key: StoreKey, bytes: [UInt8], createRevision: Revision, modRevision: Revision, version: Int64,
        lease: LeaseID? = nil
    ) {
        self.key = key
        self.bytes = bytes
        self.createRevision = createRevision
        self.modRevision = modRevision
        self.version = version
        self.lease = lease
    }

    public var text: String { String(decoding: bytes, as: UTF8.self) }
}

/// Who answered, and when in the store's own time.
public struct AnswerHeader: Hashable, Sendable {
    /// Of the etcd cluster. Another one: another store, whatever its keys say.
    public var clusterID: UInt64
    public var memberID: UInt64
    /// The store's revision when it answered.
    public var revision: Revision
    public var term: UInt64

    public init(clusterID: UInt64, memberID: UInt64, revision: Revision, term: UInt64) {
        self.clusterID = clusterID
        self.memberID = memberID
        self.revision = revision
        self.term = term
    }
}

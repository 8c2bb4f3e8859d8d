/// A host of the stack by its place in the stack's list of hosts, so that sets of hosts are one machine word.
/// Encoded, it is the name: see `HostNames`.
public struct HostID: Hashable, Comparable, Sendable {
    public let index: UInt8

    /// Hosts beyond this do not fit a `HostSet`.
    public static let bound = 64

    @inlinable
    public init(_ index: Int) {
        precondition(index >= 0 && index < HostID.bound, "a stack has at most 64 hosts that vote or hold data")
        self.index = UInt8(truncatingIfNeeded: index)
    }

    @inlinable
    public static func < (left: HostID, right: HostID) -> Bool { left.index < right.index }
}

public struct HostSet: Hashable, Sendable {
    public var bits: UInt64

    @inlinable
    public init(bits: UInt64 = 0) { self.bits = bits }

    @inlinable
    public init(_ hosts: HostID...) {
        bits = 0
        for host in hosts { insert(host) }
    }

    @inlinable public var isEmpty: Bool { bits == 0 }
    @inlinable public var count: Int { bits.nonzeroBitCount }

    @inlinable
    public func contains(_ host: HostID) -> Bool { bits & (1 << UInt64(host.index)) != 0 }

    @inlinable
    public mutating func insert(_ host: HostID) { bits |= 1 << UInt64(host.index) }

    @inlinable
    public mutating func remove(_ host: HostID) { bits &= ~(1 << UInt64(host.index)) }

    @inlinable
    public func union(_ other: HostSet) -> HostSet { HostSet(bits: bits | other.bits) }
}

/// Milliseconds on a clock of this host that never jumps back (ContinuousClock): only differences mean anything.
public typealias Milliseconds = Int64

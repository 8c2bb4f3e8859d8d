import Glibc

/// Something on disk is not as it should be.
public struct StateError: Error, CustomStringConvertible, Sendable, Equatable {
    public var description: String

    public init(_ description: String) { self.description = description }

    /// A call on a file failed just now; takes the reason from errno.
    static func file(_ verb: String, _ path: String) -> StateError {
        StateError("cannot \(verb) \(path): \(String(cString: strerror(errno)))")
    }
}

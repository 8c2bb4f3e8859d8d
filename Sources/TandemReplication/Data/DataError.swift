import Glibc

/// Something about a data directory could not be read or done.
public struct DataError: Error, Hashable, Sendable, CustomStringConvertible {
    public let description: String

    public init(_ description: String) { self.description = description }

    /// - Parameter doing: such as `write`; what follows is the path, and what the system said last (errno).
    static func file(_ doing: String, _ path: String) -> DataError {
        let reason = String(cString: strerror(errno))
        return DataError("cannot \(doing) \(path): \(reason)")
    }
}

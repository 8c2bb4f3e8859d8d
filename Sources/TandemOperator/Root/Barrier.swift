import CTandemSystem
import Glibc

/// The folder, or the file itself, that keeps this process from a path.
package struct Barrier: Equatable {
    package var path: String
    /// Such as `it belongs to root and has mode 0700`.
    package var state: String

    /// - Parameter wanted: what is to be done at the end of the path, as for access(2).
    /// - Returns: nil where nothing is in the way, or where the path ends because there is nothing.
    package static func find(_ path: String, for wanted: Int32) -> Barrier? {
        var walked = ""
        let components = path.split(separator: "/")
        for (index, component) in components.enumerated() {
            walked += "/\(component)"
            let isLast = index == components.count - 1
            if access(walked, isLast ? wanted : X_OK) == 0 { continue }
            guard errno == EACCES || errno == EPERM else { return nil }
            return Barrier(path: walked, state: state(walked))
        }
        return nil
    }

    private static func state(_ path: String) -> String {
        var entry = tandem_entry()
        guard tandem_look_at(path, 1, &entry) == 0 else { return "it cannot be looked at" }
        let mode = String(entry.mode & 0o7777, radix: 8)
        let padded = String(repeating: "0", count: max(0, 4 - mode.count)) + mode
        return "it belongs to \(PathTrust.name(of: entry.user)) and has mode \(padded)"
    }
}

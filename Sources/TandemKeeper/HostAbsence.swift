import Foundation
import Glibc
public import TandemAgent

/// A host of this machine that stays down for a while, as a drill wants it: the keeper starts no agent for it. It is a
/// file whose age bounds it, so that the host comes back although the drill and its healer were killed.
public struct HostAbsence: Sendable {
    static let bound = Duration.seconds(60)

    public let path: String

    public init(folder: StackFolder, host: String) { path = "\(folder.records(host))/absent" }

    public func begin() throws { try AtomicFile.write("", to: path, isSynced: false) }

    public func end() { unlink(path) }

    /// A file of the future is none: the clock was set back since.
    func isLasting(now: Date = Date()) -> Bool {
        guard let made = (try? FileManager.default.attributesOfItem(atPath: path))?[.modificationDate] as? Date else {
            return false
        }
        return (-1..<Self.bound / .seconds(1)).contains(now.timeIntervalSince(made))
    }
}

import Foundation
public import TandemServices

/// What the keeper tells the command line, in a file: who it is, what it is doing, and what it has done.
public struct KeeperState: Codable, Sendable, Equatable {
    public enum Phase: String, Codable, Sendable {
        case running
        case stopping
        case failed
    }

    /// One thing done, for the person who waits.
    public struct Step: Codable, Sendable, Equatable {
        public var text: String
        public var seconds: Double

        public init(text: String, seconds: Double) {
            self.text = text
            self.seconds = seconds
        }
    }

    public var identity: ProcessIdentity
    public var phase: Phase
    public var steps: [Step]
    /// Why it failed.
    public var error: String?

    public init(identity: ProcessIdentity, phase: Phase, steps: [Step], error: String? = nil) {
        self.identity = identity
        self.phase = phase
        self.steps = steps
        self.error = error
    }

    /// The keeper's last word; nil when there was none, or it has stopped in order.
    public static func load(_ folder: StackFolder) -> KeeperState? {
        guard FileManager.default.fileExists(atPath: folder.keeperFile) else { return nil }
        return try? JSONText.decode(KeeperState.self, fromFile: folder.keeperFile)
    }

    /// Whether this very keeper still runs.
    public var isAlive: Bool { identity.isAlive }
}

import Foundation
import Glibc
import TandemServices

/// Who keeps a stack running: its keeper, where all of it is on this machine; else each host's systemd.
public struct StackKeeping: Sendable, Equatable {
    /// Whether the keeper runs; of a stack that systemd keeps, whether it is to run.
    public var isAlive: Bool
    /// What the keeper last said that it does; nil: no keeper ever ran, or the stack was stopped in order.
    public var phase: KeeperState.Phase?
    /// The keeper's process, where there is one and it runs.
    public var pid: Int32?

    public init(isAlive: Bool, phase: KeeperState.Phase? = nil, pid: Int32? = nil) {
        self.isAlive = isAlive
        self.phase = phase
        self.pid = pid
    }

    /// As files in the stack's folder say it.
    public static func load(_ folder: StackFolder) -> StackKeeping {
        if let state = FleetState.load(folder) {
            let phase: KeeperState.Phase? = state.isRunning ? .running : nil
            return StackKeeping(isAlive: state.isRunning, phase: phase, pid: nil)
        }
        guard let keeper = KeeperState.load(folder) else { return StackKeeping(isAlive: false) }
        return StackKeeping(
            isAlive: keeper.isAlive, phase: keeper.phase, pid: keeper.isAlive ? keeper.identity.pid : nil)
    }
}

/// What operators know of a stack whose hosts are machines of their own.
public struct FleetState: Codable, Sendable, Equatable {
    /// Whether it is to run.
    public var isRunning: Bool
    /// Counts what operators did: of several copies, the one with the highest is the newest.
    public var revision: Int
    /// Versions of the app, the newest first.
    public var releases: [Release]
    /// Whose certificates were made anew and are yet to be given to the hosts.
    public var renewed: [String]?

    public struct Release: Codable, Sendable, Equatable {
        public var identifier: String
        /// ISO 8601.
        public var since: String

        public init(identifier: String, since: String) {
            self.identifier = identifier
            self.since = since
        }
    }

    public init(isRunning: Bool = false, revision: Int = 0, releases: [Release] = []) {
        self.isRunning = isRunning
        self.revision = revision
        self.releases = releases
    }

    /// Versions of the app that are kept.
    private static let mostReleases = 5

    /// Notes that a version runs now, one that ran before or not.
    public mutating func take(_ release: String, at time: Date) {
        releases.removeAll { $0.identifier == release }
        releases.insert(Release(identifier: release, since: time.iso8601), at: 0)
        releases = Array(releases.prefix(Self.mostReleases))
    }

    /// nil: this is no folder of an operator of such a stack.
    public static func load(_ folder: StackFolder) -> FleetState? {
        guard FileManager.default.fileExists(atPath: folder.fleetFile) else { return nil }
        return try? JSONText.decode(FleetState.self, fromFile: folder.fleetFile)
    }

    /// Counted as one more change.
    public mutating func save(_ folder: StackFolder) throws {
        revision += 1
        try AtomicFile.write(self, to: folder.fleetFile)
    }
}

extension StackFolder {
    public var fleetFile: String { "\(path)/fleet.json" }
}

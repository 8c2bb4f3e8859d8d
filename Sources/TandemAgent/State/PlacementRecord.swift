import Foundation
public import TandemTopology

/// Who led when a host's agent last ran, as the agent wrote it down: for those who ask while no agent answers.
public enum PlacementRecord {
    private static let fileName = "placement.json"

    static func load(host: String, folder: StackFolder) -> Placement? {
        try? JSONText.decode(Placement.self, fromFile: "\(folder.records(host))/\(fileName)")
    }

    static func save(_ placement: Placement, host: String, folder: StackFolder) throws {
        try AtomicFile.write(placement, to: "\(folder.records(host))/\(fileName)")
    }

    /// What is written down on every host, also on those that the stack file does not name any more.
    public static func all(in folder: StackFolder) -> [Placement] {
        let hosts = (try? FileManager.default.contentsOfDirectory(atPath: "\(folder.path)/run")) ?? []
        return hosts.sorted().compactMap { load(host: $0, folder: folder) }
    }
}

import Foundation
import TandemTopology

/// What a primary's agent remembers of the pair, on disk. Later it comes from etcd.
struct PrimaryRecord: Codable, Sendable, Equatable {
    var placement: Placement
    /// Whether the app was ever let in. Until then the primary waits for its partner; afterwards it does not stop
    /// serving while a partner that lost its data gets a new copy.
    var hasServed: Bool

    static func load(_ path: String) -> PrimaryRecord? {
        guard FileManager.default.fileExists(atPath: path) else { return nil }
        return try? JSONText.decode(PrimaryRecord.self, fromFile: path)
    }
}

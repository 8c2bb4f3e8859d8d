import Foundation
import TandemBlueprint
import TandemStack

/// Fingerprints of the files that a process has read, as they were when it read them.
struct LoadedFiles: Codable, Sendable, Equatable {
    /// Of `ServiceFiles.configuration`.
    var configuration: String
    /// Of `ServiceFiles.inPlace`; empty where there is no such thing.
    var inPlace: String

    /// As the files are now.
    init(service: ServiceName, layout: Layout) {
        let file = layout.configurationFiles(of: service).map(Self.text).joined(separator: "\n")
        let certificates = layout.certificateFiles(of: service).map(Self.text)
        let files = ServiceFiles(service: service, file: file, certificates: certificates)
        configuration = StableHash.hex64(files.configuration)
        inPlace = files.inPlace.map { StableHash.hex64($0) } ?? ""
    }

    private static func text(_ path: String) -> String { (try? String(contentsOfFile: path, encoding: .utf8)) ?? "" }
}

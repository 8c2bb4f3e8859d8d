import Foundation
import TandemBlueprint
import TandemStack

/// Fingerprints of the files that a process has read, as they were when it read them.
struct LoadedFiles: Codable, Sendable, Equatable {
    /// Of what only a reload, or a restart where the program knows none, takes up.
    var configuration: String
    /// Of what can be taken up in place: the router's servers, MySQL's certificates.
    var inPlace: String

    /// As the files are now.
    init(service: ServiceName, layout: Layout) {
        let file = layout.configurationFile(of: service).map(Self.text) ?? ""
        let certificates = layout.certificateFiles(of: service).map(Self.text).joined(separator: "\0")
        switch service {
        case .router:
            let router = RouterServers(file: file)
            configuration = StableHash.hex64(router.remainder)
            inPlace = StableHash.hex64(
                router.servers.map { "\($0.section)/\($0.name) \($0.rest)" }.joined(separator: "\n"))
        case .mysql:
            configuration = StableHash.hex64(FileBlueprint.effective(file))
            inPlace = StableHash.hex64(certificates)
        case .haproxy, .nginx, .app, .etcd:
            configuration = StableHash.hex64(FileBlueprint.effective(file) + "\0" + certificates)
            inPlace = ""
        }
    }

    private static func text(_ path: String) -> String { (try? String(contentsOfFile: path, encoding: .utf8)) ?? "" }
}

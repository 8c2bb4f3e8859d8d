import Foundation
import TandemBlueprint
import TandemServices

/// A generated file that its own program refuses.
public struct RefusedFile: Error, Codable, Sendable, Equatable, CustomStringConvertible {
    public var host: String
    public var service: ServiceName
    /// Its name without folders.
    public var file: String
    /// What the program said.
    public var words: String

    public var description: String { "\(service.rawValue) refuses \(file) of \(host): \(words)" }
}

/// New files beside the ones in use, so that the real programs can look at them before anything is replaced.
struct StagedFiles: Sendable {
    let host: String
    let blueprint: HostBlueprint
    let starter: ProcessStarter

    private var folder: String { "\(starter.layout.temporaryFolder)/staged" }

    /// - Throws: `RefusedFile` for the first file that its program refuses.
    func check() async throws {
        // Programs look into the folders that their files name.
        for path in blueprint.folders where path != starter.layout.hostFolder { try Folders.make(path) }
        try? FileManager.default.removeItem(atPath: folder)
        try Folders.make(folder)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        for service in blueprint.services {
            guard let command = service.check,
                let path = starter.layout.configurationFiles(of: service.name).first,
                let file = blueprint.files.first(where: { $0.path == path })
            else { continue }
            // The certificates of a role that is new to the host are made after this check; the agent checks again when
            // it is given the settings.
            let certificates = starter.layout.certificateFiles(of: service.name)
            guard certificates.allSatisfy(FileManager.default.fileExists) else { continue }
            try await check(service, command, file)
        }
    }

    private func check(
        _ service: ServiceBlueprint, _ command: [String], _ file: FileBlueprint
    ) async throws {
        let staged = "\(folder)/\(file.name)"
        var contents = file.contents
        // What it includes may be as new as the file itself.
        for other in blueprint.files where other.path != file.path {
            let pattern = PathPattern.literal(other.path)
            guard contents.contains(other.path) || contents.contains(pattern) else { continue }
            let beside = "\(folder)/\(other.name)"
            try AtomicFile.write(other.contents, to: beside, mode: other.mode)
            contents = contents.replacing(pattern, with: PathPattern.literal(beside)).replacing(
                other.path, with: beside)
        }
        try AtomicFile.write(contents, to: staged, mode: file.mode)
        var specification = try starter.specification(service)
        specification.command = command.map { $0.replacing(file.path, with: staged) }
        specification.logFile = starter.checkLog(service)
        do {
            try await Command.run(specification, doing: "check the new \(file.name)")
        } catch let error as StateError {
            let words = error.description.replacing(staged, with: file.path)
            throw RefusedFile(host: host, service: service.name, file: file.name, words: words)
        }
    }
}

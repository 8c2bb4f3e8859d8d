import ArgumentParser
import Foundation
import Glibc
import TandemAgent
import TandemBlueprint
import TandemOperator
import TandemStack

struct RenderCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "render", abstract: "Shows every generated file, or writes them to a folder; starts nothing.",
        discussion: "With --format json: the whole blueprint of every host.")

    @OptionGroup var project: ProjectOptions
    @OptionGroup var output: FormatOptions
    @Option(name: [.short, .long], help: "Write the files to this folder, as HOST/FILE, instead of showing them.")
    var out: String?

    func run() async throws {
        let project = try Project.load(project)
        try await project.placingProblems { try project.checkPublicFolders() }
        let blueprints = try await blueprints(project)
        if let out {
            try await HandOver.filling(out) { try write(blueprints, to: $0) }
            let count = blueprints.map(\.files.count).reduce(0, +)
            Terminal.line("wrote \(count) files to \(out)")
            return
        }
        try output.write(blueprints) {
            blueprints.flatMap { blueprint in
                blueprint.files.map { "==> \(blueprint.host.name): \(Self.name($0)) <==\n\($0.contents)\n" }
            }.joined()
        }
    }

    private func blueprints(_ project: Project) async throws -> [HostBlueprint] {
        let applied = AppliedStack(
            stack: project.applied.map { merged(project.stack, $0.stack) } ?? project.stack,
            stackFile: project.stackFile, programs: try await programs(project), versions: [:],
            front: project.stack.isOnThisMachine ? Layout.Front() : nil)
        return try applied.stack.hosts.map { host in
            try HostBlueprint(
                stack: applied.stack, host: host, layout: project.folder.layout(host: host.name, applied: applied))
        }
    }

    /// Front ports that were chosen when the stack started are shown as they are.
    private func merged(_ stack: Stack, _ running: Stack) -> Stack {
        var stack = stack
        if !stack.balancer.httpPort.isFixed { stack.balancer.httpPort = running.balancer.httpPort }
        if !stack.balancer.httpsPort.isFixed { stack.balancer.httpsPort = running.balancer.httpsPort }
        return stack
    }

    /// Where the programs are, or where they would be on the search path: rendering fetches nothing.
    private func programs(_ project: Project) async throws -> Layout.Programs {
        let setup = EngineSetup(project.stack)
        if let set = try? await setup.installed() { return set.layoutPrograms }
        return .onSearchPath
    }

    private func write(_ blueprints: [HostBlueprint], to folder: String) throws {
        for blueprint in blueprints {
            let target = "\(folder)/\(blueprint.host.name)"
            do {
                try FileManager.default.createDirectory(atPath: target, withIntermediateDirectories: true)
                for file in blueprint.files {
                    try write(file.contents, toFile: "\(target)/\(Self.name(file))")
                }
            } catch {
                throw Failure(.failed, "cannot write to \(target): \(error.localizedDescription)")
            }
        }
    }

    /// Foundation's own way waits until each file is on the disk: ten seconds for a thousand hosts on a busy machine.
    private func write(_ text: String, toFile path: String) throws {
        // A link in its place may be somebody else's, and lead to a file of ours.
        unlink(path)
        let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO) }
        let file = FileHandle(fileDescriptor: descriptor, closeOnDealloc: false)
        defer { try? file.close() }
        try file.write(contentsOf: Data(text.utf8))
    }

    private static func name(_ file: FileBlueprint) -> String { (file.path as NSString).lastPathComponent }
}

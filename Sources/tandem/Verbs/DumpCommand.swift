import ArgumentParser
import Foundation
import TandemAgent
import TandemBlueprint
import TandemOperator
import TandemStack
import TandemTopology

struct DumpCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "mysqldump", abstract: "Writes the app's database as SQL, with the real mysqldump.",
        discussion: """
            As it was at one moment, with its routines, triggers and events. Without a host: a replica that follows the \
            primary, so that nobody waits for it; the primary where there is none. What follows -- goes to mysqldump; \
            options with values are written --option=value. tandem mysqldump > shop.sql is restored by: \
            tandem mysql < shop.sql
            """)

    @OptionGroup var project: ProjectOptions
    @Argument(help: "The database host.", completion: StackCompletion.databases)
    var host: String?
    @Argument(parsing: .postTerminator, help: "Arguments for mysqldump.")
    var arguments: [String] = []

    func run() async throws {
        let project = try Project.loadApplied(project)
        let applied = try project.requireApplied()
        var host = host
        if host == nil { host = await Self.replica(of: applied, project) }
        let client = try DatabaseClient(
            applied: applied, folder: project.folder, host: host, primary: await project.placement(of: applied)?.primary
        )
        // It lies beside the client, in the engine store as in a distribution.
        let program = (applied.programs.mysql as NSString).deletingLastPathComponent + "/mysqldump"
        try client.become(program, Self.arguments(arguments, database: applied.stack.database.name))
    }

    /// nil where none follows the primary.
    private static func replica(of applied: AppliedStack, _ project: Project) async -> String? {
        guard let client = try? project.agentClient() else { return nil }
        let reader = StatusReader(applied: applied, folder: project.folder, client: client)
        let replicas = await reader.read().database?.replicas ?? []
        await client.shutdown()
        return replicas.first { $0.state == .streaming && ($0.lagSeconds ?? 60) <= 1 }?.host
    }

    /// - Parameter words: the user's; with a database among them, or all, it is not the app's.
    static func arguments(_ words: [String], database: String) -> [String] {
        let options = [
            // One moment, without a lock.
            "--single-transaction",
            // For a server that has transactions of its own already, as the one that it is restored to.
            "--set-gtid-purged=OFF", "--no-tablespaces", "--routines", "--triggers", "--events", "--hex-blob",
        ]
        let every = ["-A", "-B", "--all-databases", "--databases"]
        let names = words.contains { !$0.hasPrefix("-") || every.contains($0) }
        return options + words + (names ? [] : [database])
    }
}

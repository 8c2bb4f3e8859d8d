import Foundation
import TandemAgent
import TandemStack

/// The stack's secrets as the operator's machine knows them.
enum FleetSecrets {
    /// Those whose variable is not set here stay what they are on the hosts.
    static func read(_ project: Project) async throws -> [String: String] {
        let environment = ProcessInfo.processInfo.environment
        let sources = project.stack.secretSources.filter { _, source in
            if case .environment(let variable) = source { environment[variable] != nil } else { true }
        }
        return try await project.placingProblems {
            try await SecretSources.read(
                sources, environment: environment, workingDirectory: project.stack.app.workingDirectory)
        }
    }
}

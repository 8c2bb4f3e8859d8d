import Foundation
import TandemAgent
import TandemBlueprint
import TandemReplication
import TandemStack
import TandemTopology

/// What the stack file asks for beside what runs.
package struct PendingChange: Sendable {
    package let project: Project
    let preparation: StackPreparation
    package let target: AppliedStack
    let secrets: StackSecrets
    /// The stack as the keeper knows it, with every host that runs; nil when nothing runs.
    package let running: AppliedStack?
    /// What each host that runs was given.
    let given: [String: AppliedHost]
    let change: StackChange
    /// Who leads, or did when the stack last ran.
    let placement: Placement?
    /// Why the certificate authority stands against it; nil when it does not.
    let authorityProblem: String?
    /// Whose certificates hosts are to be given anew.
    let outdated: Set<String>

    /// - Parameters:
    ///   - preparation: with the programs that the stack is to run.
    ///   - broken: hosts of which something does not run.
    ///   - renewed: whose certificates have been made anew already, and not been given to the hosts.
    init(
        project: Project, preparation: StackPreparation, running: AppliedStack?, broken: Set<String> = [],
        renewed: Set<String> = []
    ) async throws {
        self.project = project
        self.preparation = preparation
        self.running = running
        target = preparation.applied
        let folder = project.folder
        var given: [String: AppliedHost] = [:]
        var old: [HostVersion] = []
        for host in running?.stack.hosts ?? [] {
            let own = try AppliedHost.load(host: host.name, folder: folder)
            given[host.name] = own
            old.append(try own.version(host: host.name, folder: folder))
        }
        secrets = try await preparation.secrets(
            environment: Self.environment(project.stack.secretSources, last: Self.secrets(of: given)))
        let next = AppliedHost(applied: target, secrets: secrets)
        outdated = running == nil ? [] : try preparation.outdatedCertificates().union(renewed)
        let new = try target.stack.hosts.map { [outdated] in
            try next.version(host: $0.name, folder: folder, newCertificates: outdated)
        }
        self.given = given
        authorityProblem = running == nil ? nil : try preparation.authorityProblem()
        let applied = target
        let placement = await project.placement(of: running ?? applied, isRunning: running != nil)
        self.placement = placement
        change = StackChange(
            from: old, to: new, layout: { folder.layout(host: $0, applied: applied) },
            primary: placement?.primary, broken: broken)
    }

    /// A secret whose variable is not set in this shell stays what it is in a stack that runs.
    private static func environment(
        _ sources: [String: App.SecretSource], last: StackSecrets?
    ) -> [String: String] {
        var environment = ProcessInfo.processInfo.environment
        for (name, source) in sources {
            guard case .environment(let variable) = source, environment[variable] == nil else { continue }
            environment[variable] = last?.app[name] ?? last?.alerts[name]
        }
        return environment
    }

    /// As they were given to hosts, none of which may know all. nil where a part is missing that each stack has.
    static func secrets(of given: [String: AppliedHost]) -> StackSecrets? {
        let known = given.values.map(\.secrets)
        guard var secrets = known.first(where: { !$0.database.root.isEmpty }),
            let ofApp = known.first(where: { !$0.session.isEmpty })
        else { return nil }
        secrets.session = ofApp.session
        secrets.app = ofApp.app
        for other in known { secrets.alerts.merge(other.alerts) { first, _ in first } }
        return secrets
    }

    var givenSecrets: StackSecrets? { Self.secrets(of: given) }

    /// What a host is to have.
    func next(for host: String) -> AppliedHost { next.limited(to: host) }

    /// What all hosts together are to have.
    private var next: AppliedHost {
        AppliedHost(
            applied: target, secrets: secrets, revision: (given.values.map(\.revision).max() ?? 0) + 1)
    }

    /// Hosts whose agents have something to take up, be it nothing that touches a service.
    func isOutdated(_ host: String) -> Bool { given[host]?.isSame(as: next(for: host)) != true }

    var isNothing: Bool {
        running != nil && change.isEmpty && change.hosts.allSatisfy { !isOutdated($0.host) }
    }

    /// What stands against taking it up, each pointing into the stack file where it can.
    var refusals: [String] {
        guard let running else { return [] }
        let refusals = StackChange.refusals(from: running.stack, to: target.stack, placement: placement).map {
            refusal in
            project.diagnostic(refusal.message, at: refusal.path)
        }
        return refusals + (authorityProblem.map { [project.diagnostic($0, at: ["domain"])] } ?? [])
    }

    package func throwRefusals() throws {
        let refusals = refusals
        guard !refusals.isEmpty else { return }
        for refusal in refusals { Terminal.line(refusal) }
        throw Failure(
            .failed,
            "'\(target.stack.name)' cannot take this up while it runs; it goes on as it is, nothing was changed")
    }

    /// A host by its name, among those that run and those that are to.
    package func host(_ name: String) -> Host? {
        target.stack.hosts.first { $0.name == name } ?? running?.stack.hosts.first { $0.name == name }
    }
}

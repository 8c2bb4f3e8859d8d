import Foundation
import TandemAgent
import TandemBlueprint
import TandemStack
import TandemTopology

/// Puts hosts back on what they had before a change that did not work.
struct RollBack: Sendable {
    let pending: PendingChange
    let client: AgentClient
    let steps: StepPrinter

    private var folder: StackFolder { pending.project.folder }

    /// - Parameter changed: in the order in which they were changed; the last one did not get to serve.
    /// - Returns: what could not be put back.
    func run(_ changed: [String], running: AppliedStack) async -> [String] {
        var problems: [String] = []
        for name in Self.order(changed) {
            guard let given = pending.given[name] else { continue }
            do {
                let host = try given.host(name)
                try await client.give(given, to: host, folder: folder)
                try await HostWait(folder: folder, client: client).settled(host, given)
                steps.note("\(name) is back on what it had")
            } catch let failure as HostFailure {
                problems.append("\(failure.service ?? "the agent") on \(name): \(failure.reason)")
            } catch {
                problems.append("\(name): \(error)")
            }
        }
        // Only now: until then nginx or a router of a host may still have sent something to an added one.
        let removal = HostRemoval(folder: folder, client: client)
        let added = pending.target.stack.hosts.filter { pending.given[$0.name] == nil }
        for host in added { await removal.stopServices(of: host, app: pending.target.stack.app) }
        do {
            let secrets = pending.givenSecrets ?? pending.secrets
            try StackPreparation.write(running, secrets: secrets, folder: folder)
        } catch {
            problems.append("\(error)")
        }
        for host in added { await removal.finish(host, applied: pending.target) }
        return problems
    }
}

extension RollBack {
    /// The other way round: a host that was told of others goes back before those do.
    static func order(_ changed: [String]) -> [String] { changed.reversed() }
}

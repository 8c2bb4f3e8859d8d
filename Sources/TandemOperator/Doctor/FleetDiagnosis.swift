import TandemBlueprint
import TandemFleet
import TandemStack

/// Looks at all hosts of a stack at once, and judges what they say.
package enum FleetDiagnosis {
    /// - Parameter names: of the hosts that are looked at; nil: all.
    /// - Throws: where this machine itself cannot ask.
    package static func findings(_ stack: Stack, only names: Set<String>? = nil) async throws -> [Finding] {
        let answers = try await Fleet.with(stack) { fleet in
            await fleet.onEach(only: { names?.contains($0.name) != false }) { session in
                Answer(
                    user: session.user, privilege: session.privilege, facts: try await HostQuestions.ask(session))
            }
        }
        let same = sameMachines(answers.compactMap { host, result in (try? result.get()).map { (host, $0.facts) } })
        return answers.flatMap { host, result in
            switch result {
            case .success(let answer):
                let verdicts = HostVerdicts(
                    stack: stack, host: host, user: answer.user, privilege: answer.privilege, facts: answer.facts,
                    wanted: listeners(stack, host))
                return verdicts.findings + (same[host.name].map { [$0] } ?? [])
            case .failure(let error): return [unreached(host, error)]
            }
        }
    }

    private struct Answer: Sendable {
        var user: String
        var privilege: HostSession.Privilege
        var facts: HostFacts
    }

    static func unreached(_ host: Host, _ error: any Error) -> Finding {
        guard let error = error as? ReachError else {
            return .error("ssh", "\(error)", "try it by hand").on(host.name)
        }
        return .error("ssh", error.text, error.remedy).on(host.name)
    }

    /// Two names for one machine; or a copy of a disk that took the other's identity along.
    static func sameMachines(_ hosts: [(host: Host, facts: HostFacts)]) -> [String: Finding] {
        var owners: [String: String] = [:]
        var findings: [String: Finding] = [:]
        for (host, facts) in hosts where !facts.machineID.isEmpty {
            guard let owner = owners[facts.machineID] else {
                owners[facts.machineID] = host.name
                continue
            }
            findings[host.name] = .error(
                "machine", "it has the same /etc/machine-id as \(owner): it is the same machine, or a copy of its disk",
                "give each host a machine of its own; on a copy: rm /etc/machine-id, systemd-machine-id-setup, reboot"
            ).on(host.name)
        }
        return findings
    }

    private static func listeners(_ stack: Stack, _ host: Host) -> [ServiceBlueprint.Listener] {
        // Where things lie says nothing about who listens.
        let layout = Layout(hostFolder: "/", socketFolder: "/", programs: .onSearchPath, front: nil)
        return (try? HostBlueprint(stack: stack, host: host, layout: layout).listeners) ?? []
    }
}

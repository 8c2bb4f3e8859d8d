import TandemBlueprint
import TandemFleet
import TandemStack

/// Looks at all hosts of a stack at once, and judges what they say.
package enum FleetDiagnosis {
    /// - Parameter names: of the hosts that are looked at; nil: all.
    /// - Throws: where this machine itself cannot ask.
    package static func findings(_ stack: Stack, only names: Set<String>? = nil) async throws -> [Finding] {
        try await Fleet.with(stack) { fleet in
            let answers = await fleet.onEach(only: { names?.contains($0.name) != false }) { session in
                Answer(
                    user: session.user, privilege: session.privilege, facts: try await HostQuestions.ask(session))
            }
            let known = answers.compactMap { host, result in (try? result.get()).map { (host: host, facts: $0.facts) } }
            let same = sameMachines(known)
            let reach = await reach(stack, known, fleet)
            return answers.flatMap { host, result in
                switch result {
                case .success(let answer):
                    let verdicts = HostVerdicts(
                        stack: stack, host: host, user: answer.user, privilege: answer.privilege, facts: answer.facts,
                        wanted: listeners(stack, host))
                    return verdicts.findings + [same[host.name], reach[host.name]].compactMap(\.self)
                case .failure(let error): return [unreached(host, error)]
                }
            }
        }
    }

    /// Each host that runs the stack is asked for its ports by the next one that does.
    private static func reach(
        _ stack: Stack, _ known: [(host: Host, facts: HostFacts)], _ fleet: Fleet
    ) async -> [String: Finding] {
        let unit = HostPlaces(stack: stack.name).unit
        let running = known.filter { $0.facts.units.contains(unit) }
        guard running.count > 1 else { return [:] }
        let questions = running.enumerated().reduce(into: [String: OpenPorts]()) { questions, entry in
            let (host, facts) = entry.element
            let asker = running[(entry.offset + 1) % running.count].host.name
            questions[asker] = OpenPorts(stack: stack, host: host, wanted: listeners(stack, host), facts: facts)
        }
        let answers = await fleet.onEach(only: { questions[$0.name] != nil }) { session in
            try await questions[session.host.name]?.ask(session)
        }
        return answers.reduce(into: [:]) { findings, answer in
            guard let question = questions[answer.host.name], case .success(let answered?) = answer.result else {
                return
            }
            findings[question.host.name] = question.finding(answered: answered, asker: answer.host.name)
                .on(question.host.name)
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

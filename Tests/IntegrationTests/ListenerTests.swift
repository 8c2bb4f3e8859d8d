import Foundation
import TandemAgent
import TandemBlueprint
import TandemStack
import Testing

extension IntegrationTests {
    /// The processes of a stack listen where they are declared to, all of them, and nowhere else.
    func checkListeners(_ stack: TrialStack, _ status: Status) async throws {
        let applied = try JSONText.decode(AppliedStack.self, fromFile: "\(stack.stateFolder)/stack.json")
        let balancer = applied.stack.balancer
        var declared: Set<String> = [
            "127.0.0.1:\(balancer.httpPort.number)", "127.0.0.1:\(balancer.httpsPort.number)",
        ]
        for host in applied.stack.hosts {
            let layout = Layout(
                hostFolder: "/h", socketFolder: "/s", programs: applied.programs, front: applied.front)
            for service in try HostBlueprint(stack: applied.stack, host: host, layout: layout).services {
                declared.formUnion(service.listeners.map { "\($0.address):\($0.port)" })
            }
            declared.insert("\(host.address):\(Ports.agent)")
            declared.insert("\(host.loopbackAddress):\(Ports.agentCheck)")
            if host.has(.app) { declared.insert("\(host.loopbackAddress):\(Ports.agentTopology)") }
        }
        let leaders = status.hosts.flatMap { $0.services.map(\.pid) + [$0.agent.pid] }.compactMap { $0 }
        let known = stack.processes().compactMap { Int32($0.split(separator: " ")[0]) }
        let own = try processGroups(leaders + known)
        let open = try await openPorts(of: own)
        #expect(open.subtracting(declared) == [], "undeclared")
        #expect(declared.subtracting(open) == [], "missing")
    }

    /// TCP ports that listen and UDP ports that are open, as `ss` sees them.
    private func openPorts(of processes: Set<Int32>) async throws -> Set<String> {
        let outcome = try await Program.run("ss", ["-Hlntup"])
        try #require(outcome.status == 0, "\(outcome)")
        let lines = outcome.output.split(separator: "\n").filter { line in
            line.matches(of: /pid=([0-9]+)/).contains { processes.contains(Int32($0.1) ?? 0) }
        }
        return Set(lines.compactMap { $0.split(separator: " ").dropFirst(4).first.map(String.init) })
    }
}

/// Everything in the process groups of these processes.
func processGroups(_ leaders: [Int32]) throws -> Set<Int32> {
    func group(_ pid: Int32) -> Int32? {
        guard let stat = try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8),
            // The name in brackets may hold anything.
            let end = stat.lastIndex(of: ")")
        else { return nil }
        let fields = stat[stat.index(after: end)...].split(separator: " ")
        return fields.count > 2 ? Int32(fields[2]) : nil
    }
    let groups = Set(leaders.compactMap(group))
    let all = try FileManager.default.contentsOfDirectory(atPath: "/proc").compactMap { Int32($0) }
    return Set(all.filter { group($0).map(groups.contains) == true })
}

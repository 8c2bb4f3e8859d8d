import TandemBlueprint
import TandemFleet
import TandemStack

/// What of a host that runs the stack answers another host of it, beside what is to answer: pure, but for `ask`.
struct OpenPorts: Sendable {
    var host: Host
    /// Of the firewall.
    var unit: String
    /// Where the stack's own processes listen for others, and SSH.
    var declared: Set<Int>
    /// Where something listens for others, and what, where that is known.
    var listening: [Int: String?]

    /// - Parameter facts: of the host. nil: it cannot say who listens there.
    init?(stack: Stack, host: Host, wanted: [ServiceBlueprint.Listener], facts: HostFacts) {
        guard let listeners = facts.listeners else { return nil }
        self.host = host
        unit = HostPlaces(stack: stack.name).firewallUnit
        declared = HostBlueprint.openPorts(wanted, of: host, in: stack)
        listening = listeners.reduce(into: [:]) { result, listener in
            guard HostVerdicts.everyAddress.contains(listener.address) || listener.address == host.address else {
                return
            }
            result[listener.port] = listener.program
        }
    }

    /// Connects to each, from the host that is asked, and closes at once.
    /// - Returns: the ports that answered.
    func ask(_ session: HostSession) async throws -> Set<Int> {
        let answer = try await session.script(
            """
            address=$1
            shift
            count=0
            for port; do
                timeout 2 bash -c 'exec 3<>"/dev/tcp/$0/$1"' "$address" "$port" 2>/dev/null && echo "$port" &
                count=$((count + 1))
                [ $((count % 32)) != 0 ] || wait
            done
            wait
            """, [host.address] + asked.map(String.init))
        return Set(answer.split(separator: "\n").compactMap { Int($0) })
    }

    private static let most = 200

    /// First those that are to answer.
    private var asked: [Int] {
        let ports = listening.keys.sorted()
        return Array((ports.filter(declared.contains) + ports.filter { !declared.contains($0) }).prefix(Self.most))
    }

    /// - Parameters:
    ///   - answered: of `listening`.
    ///   - asker: the host that asked.
    func finding(answered: Set<Int>, asker: String) -> Finding {
        let closed = asked.filter { declared.contains($0) && !answered.contains($0) }
        guard closed.isEmpty else {
            return .error(
                "reach",
                "\(Self.list(closed)) \(closed.count == 1 ? "does" : "do") not answer \(asker), though something listens there",
                "look for what filters between the two: nft list ruleset on \(host.name), and the network's own firewall"
            )
        }
        let open = answered.subtracting(declared).sorted()
        guard open.isEmpty else {
            let names = open.map { port in
                "\(port) (\((listening[port] ?? nil) ?? "a program that root alone can name"))"
            }
            return .warning(
                "reach",
                "\(names.joined(separator: ", ")) \(open.count == 1 ? "answers" : "answer") \(asker), and \(open.count == 1 ? "is" : "are") not the stack's",
                "end what listens there; or have the firewall loaded again: systemctl reload-or-restart \(unit) on \(host.name)"
            )
        }
        let count = declared.count { answered.contains($0) }
        return .ok("reach", "\(asker) reaches the \(count) ports that are open to it, and no other")
    }

    private static func list(_ ports: [Int]) -> String { ports.map(String.init).joined(separator: ", ") }
}

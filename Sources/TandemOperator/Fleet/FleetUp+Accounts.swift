import TandemBlueprint
import TandemFleet
import TandemStack

/// The app's own account on each host, and agents that are to know of it.
extension FleetUp {
    /// The app of each host runs as an account of its own.
    func giveAccounts() async throws {
        let stackName = stack.name
        try await hosts.onEach("give the app an account of its own", only: stack.hosts(.app)) { session in
            _ = try await session.step(["account", stackName, "--app"], stack: stackName)
        }
    }

    /// Agents whose unit may be another one now take it up; their services go on.
    func beginAnew(_ names: [String]) async throws {
        let chosen = stack.hosts.filter { names.contains($0.name) }
        guard !chosen.isEmpty else { return }
        let unit = places.unit
        try await hosts.onEach("have the agents begin anew", only: chosen) { session in
            try await session.script(Self.newBeginning, [unit, String(Ports.agent, radix: 16, uppercase: true)])
        }
    }

    /// Returns once the next agent listens.
    private static let newBeginning = """
        set -e
        agent() { systemctl show --property=MainPID --value "$1"; }
        last=$(agent "$1")
        systemctl reload "$1"
        for _ in $(seq 300); do
            now=$(agent "$1")
            [ "$now" != "$last" ] && [ "$now" != 0 ] && grep -qi ":$2 00000000:0000 0A" /proc/net/tcp && exit 0
            sleep 0.1
        done
        echo "the agent did not begin anew within 30 s; see: journalctl -u $1" >&2
        exit 1
        """
}

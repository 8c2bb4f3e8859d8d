import TandemBlueprint
import TandemFleet

/// What a host has, as it is found by one look.
struct HostStanding: Sendable, Equatable {
    /// The version of tandem that is in place; empty: none.
    var program = ""
    /// Whether the stack's agent runs.
    var isRunning = false
    /// Of what operators left; 0: nothing.
    var revision = 0
    var releases: Set<String> = []
    private static let question = """
        printf 'program=%s\\n' "$(readlink \(HostPlaces.program) | cut -d / -f 1)"
        printf 'running=%s\\n' "$(systemctl is-active "$1")"
        printf 'revision=%s\\n' "$(sed -n 's/.*"revision" *: *\\([0-9]*\\).*/\\1/p' "$2/fleet.json" 2>/dev/null | head -n 1)"
        ls -1 "$3" 2>/dev/null | while read -r name; do printf 'release=%s\\n' "$name"; done
        """

    static func ask(_ session: HostSession, _ places: HostPlaces) async throws -> HostStanding {
        HostStanding(
            answer: try await session.script(
                question, [places.unit, places.operatorFolder, places.releases]))
    }

    init() {}

    init(answer: String) {
        for line in answer.split(separator: "\n") {
            let parts = line.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            guard parts.count == 2 else { continue }
            switch parts[0] {
            case "program": program = parts[1]
            case "running": isRunning = ["active", "reloading", "activating"].contains(parts[1])
            case "revision": revision = Int(parts[1]) ?? 0
            case "release": if !parts[1].hasSuffix(".new") { releases.insert(parts[1]) }
            default: break
            }
        }
    }
}

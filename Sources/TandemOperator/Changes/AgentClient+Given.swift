import TandemAgent
import TandemStack

extension AgentClient {
    /// Gives a host new settings. Where the host's agent has a folder of its own, they are noted down here, too: what
    /// each host was given is what the next change is compared with.
    /// - Throws: `RefusedFile`, and nothing was changed.
    func give(_ settings: AppliedHost, to host: Host, folder: StackFolder) async throws {
        try await apply(settings, on: host)
        if FleetState.load(folder) != nil { try settings.save(host: host.name, folder: folder) }
    }
}

import TandemServices

/// All of a host is gone at one moment and stays away for a while, as when its power fails and somebody switches it on
/// again.
struct HostFault: Fault {
    var name: String
    var event: String
    var promise: Promise
    var victims: [Part]
    var services: [String]
    var host: String

    /// Longer than all others take to notice and to settle.
    static let hold = Duration.seconds(12)
    private static let spare = Duration.seconds(20)

    func singlePoint(_ look: StackLook) -> String? { SinglePoint.words(services, host, look) }

    func strike(_ site: FaultSite, struck: @Sendable () -> Void) async throws -> Evidence {
        let processes = try await site.processes(of: victims)
        let bound = FaultSite.killBound + Self.hold + Self.spare
        try await site.stack.keepDown(host) { try await site.healer.arm([$0], bound: bound) }
        struck()
        let failure = await site.kill(processes, for: name)
        try? await Task.sleep(for: Self.hold)
        let isBack = await !site.stack.isDown(host)
        await site.stack.letUp(host)
        await site.healer.disarm()
        try Task.checkCancellation()
        if let failure { throw failure }
        guard !isBack else { throw DrillError("\(name): its agent ran again before it should") }
        return Evidence(
            words: "pid \(processes.pids) gone, and no agent of \(host) answered after 12 s",
            struck: Struck(processes: processes))
    }
}

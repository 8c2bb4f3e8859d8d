/// Machines go without a word, as when their power fails, and boot: nothing is ended in order, and nothing that was not
/// on disk is there afterwards.
struct RebootFault: Fault {
    var name: String
    var event: String
    var promise: Promise
    /// Of the one host that goes; empty where all do.
    var services: [String] = []
    var hosts: [String]
    /// Why it is not done.
    var limit: String?

    /// Machines with much memory take minutes before their kernel begins.
    static let bootBound = Duration.seconds(600)

    /// Its processes' numbers may be the same afterwards: that the machine booted is known by other means.
    var victims: [Part] { [] }

    func obstacle(_ look: StackLook) -> String? { limit }

    func singlePoint(_ look: StackLook) -> String? { SinglePoint.words(services, hosts.first, look) }

    func strike(_ site: FaultSite, struck: @Sendable () -> Void) async throws -> Evidence {
        let start = ContinuousClock.now
        struck()
        try await site.stack.reboot(hosts, bound: Self.bootBound)
        let away = ContinuousClock.now - start
        let seconds = (away / .milliseconds(100)).rounded() / 10
        return Evidence(
            words: "\(hosts.joined(separator: ", ")) booted, and let somebody in after \(seconds) s", struck: Struck(),
            away: away)
    }
}

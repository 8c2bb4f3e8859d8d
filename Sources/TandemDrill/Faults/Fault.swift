import TandemServices

/// Something that is done to a running stack on purpose.
public protocol Fault: Sendable {
    /// Such as `kill server1/mysql`; it stays the same from drill to drill.
    var name: String { get }
    /// As a sentence begins, such as "nginx on server1 is killed".
    var event: String { get }
    var promise: Promise { get }
    /// What it ends, so that nothing is ended too often within a minute.
    var victims: [Part] { get }
    /// Why it cannot be tried here; nil: it can.
    func obstacle(_ look: StackLook) -> String?
    /// What it strikes of which there is no other, in words: a single point of failure, whose loss users feel. nil:
    /// there is none.
    func singlePoint(_ look: StackLook) -> String?
    /// Does it, and undoes what does not undo itself.
    /// - Parameter struck: called at the moment it is done, or is about to begin where it takes its time.
    /// - Returns: how it is known to have happened.
    func strike(_ site: FaultSite, struck: @Sendable () -> Void) async throws -> Evidence
}

/// That a fault happened.
public struct Evidence: Sendable {
    /// For people, such as "pid 4711 was gone after 3 ms".
    var words: String
    var struck: Struck
    /// How long a machine took to boot: not the stack's affair.
    var away: Duration = .zero
}

/// What users are promised of a fault.
public struct Promise: Sendable, Equatable {
    public enum Writes: Sendable, Equatable {
        /// Not more than were under way are cut.
        case goOn
        /// None is cut.
        case uncut
        /// They wait until it is back.
        case wait
        /// As reads: nothing is promised before it is back.
        case none
    }

    public var readsGoOn: Bool
    public var writes: Writes

    public init(readsGoOn: Bool = true, writes: Writes) {
        self.readsGoOn = readsGoOn
        self.writes = writes
    }
}

/// SIGKILL to processes and their groups, all at one moment.
struct KillFault: Fault {
    var name: String
    var event: String
    var promise: Promise
    var victims: [Part]
    /// Services that must run elsewhere too, for reads to go on.
    var needsOthers: [String] = []
    var host: String?

    func singlePoint(_ look: StackLook) -> String? { SinglePoint.words(needsOthers, host, look) }

    func strike(_ site: FaultSite, struck: @Sendable () -> Void) async throws -> Evidence {
        let processes = try await site.processes(of: victims)
        let start = ContinuousClock.now
        struck()
        if let failure = await site.kill(processes, for: name) { throw failure }
        let took = ContinuousClock.now - start
        return Evidence(
            words: "pid \(processes.pids) gone within \(Int(took / .milliseconds(1))) ms",
            struck: Struck(processes: processes))
    }
}

/// SIGSTOP to a process and its group, until somebody replaces it or a time is over.
struct FreezeFault: Fault {
    var name: String
    var event: String
    var promise: Promise
    var victims: [Part]
    var needsOthers: [String] = []
    var host: String?

    /// Longer than an agent takes to notice.
    static let hold = Duration.seconds(8)
    private static let bound = Duration.seconds(2)

    func singlePoint(_ look: StackLook) -> String? { SinglePoint.words(needsOthers, host, look) }

    func strike(_ site: FaultSite, struck: @Sendable () -> Void) async throws -> Evidence {
        let processes = try await site.processes(of: victims)
        try await site.healer.arm([.thaw(Array(processes.values))], bound: Self.hold + .seconds(20))
        struck()
        for (part, process) in processes { await site.place.signal(19, to: process, host: part.host) }
        let isProven = await site.wait(processes, bound: Self.bound) { $0 != .running }
        let isReplaced = await site.wait(processes, bound: Self.hold) { $0 == .gone }
        for (part, process) in processes { await site.place.signal(18, to: process, host: part.host) }
        await site.healer.disarm()
        guard isProven else { throw DrillError("\(name): the process went on after SIGSTOP") }
        try Task.checkCancellation()
        return Evidence(
            words: "pid \(processes.pids) was in state T, and \(isReplaced ? "was replaced" : "woken after 8 s")",
            struck: isReplaced ? Struck(processes: processes) : Struck())
    }
}

/// A restart in order.
struct RestartFault: Fault {
    var name: String
    var event: String
    var promise: Promise
    var service: String
    var host: String

    var victims: [Part] { [.service(service, host: host)] }

    func singlePoint(_ look: StackLook) -> String? { SinglePoint.words([service], host, look) }

    func strike(_ site: FaultSite, struck: @Sendable () -> Void) async throws -> Evidence {
        let processes = try await site.processes(of: victims)
        struck()
        try await site.stack.restart(service, on: host)
        guard await site.wait(processes, bound: .seconds(5), { $0 == .gone }) else {
            throw DrillError("\(name): the process from before the restart runs on")
        }
        return Evidence(words: "pid \(processes.pids) ended in order", struck: Struck(processes: processes))
    }
}

/// A new version of the app, which happens to be the same.
struct RollingFault: Fault {
    let name = "roll app"
    let event = "The app is restarted on every host, one after the other"
    let promise = Promise(writes: .uncut)
    var victims: [Part]

    func singlePoint(_ look: StackLook) -> String? {
        look.hosts(of: "app").count > 1 ? nil : "the app runs on one host alone"
    }

    func strike(_ site: FaultSite, struck: @Sendable () -> Void) async throws -> Evidence {
        let processes = try await site.processes(of: victims)
        struck()
        try await site.stack.restartApp()
        guard await site.wait(processes, bound: .seconds(5), { $0 == .gone }) else {
            throw DrillError("\(name): a process from before the restart runs on")
        }
        return Evidence(words: "pid \(processes.pids) ended in order", struck: Struck(processes: processes))
    }
}

/// A planned change of primary.
struct SwitchoverFault: Fault {
    let name = "switchover"
    let event = "The partner takes the primary's place, as planned"
    let promise = Promise(writes: .uncut)
    let victims: [Part] = []

    private static let bound = Duration.seconds(30)
    /// A look asks every agent: on a small machine it would be felt in what it is to measure.
    private static let quietTime = Duration.milliseconds(500)

    func obstacle(_ look: StackLook) -> String? { look.primary == nil ? "nobody is the primary" : nil }

    func strike(_ site: FaultSite, struck: @Sendable () -> Void) async throws -> Evidence {
        guard let former = await site.stack.look().primary else { throw DrillError("nobody is the primary") }
        let start = ContinuousClock.now
        struck()
        try await site.stack.switchOver()
        try await Task.sleep(for: Self.quietTime)
        try await site.waitUntil(bound: Self.bound, "\(former) is still the primary") {
            $0.primary != nil && $0.primary != former
        }
        let took = ContinuousClock.now - start
        return Evidence(
            words: "\(former) was no longer the primary within \(Int(took / .milliseconds(1))) ms", struck: Struck())
    }
}

/// Everything is killed at once, as when the power fails, and started again.
struct OutageFault: Fault {
    let name = "outage"
    let event = "Every process of the stack is killed at once, and the stack is started again"
    let promise = Promise(readsGoOn: false, writes: .none)
    var victims: [Part]

    private static let startBound = Duration.seconds(300)

    func strike(_ site: FaultSite, struck: @Sendable () -> Void) async throws -> Evidence {
        let processes = try await site.processes(of: victims)
        let all = processes.startersFirst
        try await site.healer.arm([.thaw(all.map(\.value)), .start], bound: Self.startBound)
        struck()
        // An agent that saw the keeper end before its own turn came would start another one, which nobody kills.
        for signal: Int32 in [19, 9] {
            for (part, process) in all { await site.place.signal(signal, to: process, host: part.host) }
        }
        let areGone = await site.wait(processes, bound: .seconds(5)) { $0 == .gone }
        let isStopped = await site.stack.look().hosts.allSatisfy { $0.agent == nil }
        // Also where the drill was told to stop: nothing else would bring it back.
        try await Task { try await site.stack.start() }.value
        await site.healer.disarm()
        guard areGone, isStopped else { throw DrillError("\(name): not everything was gone 5 s after SIGKILL") }
        return Evidence(
            words: "\(processes.count) processes were gone, and no agent answered", struck: Struck(processes: processes)
        )
    }
}

extension Fault {
    public func obstacle(_ look: StackLook) -> String? { nil }
    public func singlePoint(_ look: StackLook) -> String? { nil }
}

enum SinglePoint {
    /// Requests need no answer of the other services: workers, monitors.
    private static let asked: Set = ["haproxy", "nginx", "app", "router", "mysql", "etcd"]

    /// The first service on which answers depend that runs on no other host than this one.
    static func words(_ services: [String], _ host: String?, _ look: StackLook) -> String? {
        for service in services
        where asked.contains(String(service.prefix { $0 != "-" }))
            && !look.hosts(of: service).contains(where: { $0 != host })
        {
            return "\(service) runs on \(host ?? "one host") alone: nothing goes on without it (tandem check --no-spof)"
        }
        return nil
    }
}

extension Part {
    /// Keepers start agents, and agents services.
    var rank: Int {
        switch self {
        case .keeper: 0
        case .agent: 1
        case .service: 2
        }
    }
}

extension [Part: ProcessIdentity] {
    /// A process that would start others anew comes before these.
    var startersFirst: [(key: Part, value: ProcessIdentity)] {
        sorted { ($0.key.rank, $0.value.pid) < ($1.key.rank, $1.value.pid) }
    }

    /// For people, with commas between.
    var pids: String { startersFirst.map { "\($0.value.pid)" }.joined(separator: ", ") }
}

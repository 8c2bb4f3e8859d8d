public import TandemServices

/// A running stack, as a drill asks it for things.
public protocol DrilledStack: Sendable {
    func look() async -> StackLook
    /// As a person restarts it; returns once it serves again.
    func restart(_ service: String, on host: String) async throws
    /// Every app server, one after the other.
    func restartApp() async throws
    /// Orders that the partner takes the primary's place, and does not wait for it.
    func switchOver() async throws
    /// Brings back a stack of which nothing is left.
    func start() async throws
    /// Has a host that goes down stay down, until `letUp` or for a minute.
    /// - Parameter arm: is given what brings it back should nobody do so, before it is done.
    func keepDown(_ host: String, arm: @Sendable (Undo) async throws -> Void) async throws
    /// Whether it is down in fact.
    func isDown(_ host: String) async -> Bool
    func letUp(_ host: String) async
    /// Has machines go without a word, all at one moment, and boot; returns once they are there again.
    /// - Throws: `DrillError` where one is not, within the bound.
    func reboot(_ hosts: [String], bound: Duration) async throws
    /// What its monitors tell people of right now; nil: it has none, or none answers.
    func firing() async -> [FiredAlert]?
}

/// What can be done to a place and its processes. Of this machine: `LocalPlace`; on others somebody has to do it there.
public protocol FaultPlace: Sendable {
    /// The process that leads a group of its own under this number, or nil.
    func find(_ pid: Int32, host: String?) async -> ProcessIdentity?
    /// To the process and its group. One that has ended, or whose number is another's by now, gets nothing.
    func signal(_ number: Int32, to process: ProcessIdentity, host: String?) async
    func state(of process: ProcessIdentity, host: String?) async -> ProcessState
    /// Changes the place itself. Whoever does that undoes it too when the drill is gone.
    /// - Parameter bound: after which it is undone, whatever happens.
    func make(_ change: PlaceChange, bound: Duration) async throws
    /// Undoes the change.
    /// - Returns: how it is known to have had an effect.
    func undo() async throws -> String
}

public enum ProcessState: String, Codable, Sendable, Equatable {
    case running
    /// Stopped by a signal: state T.
    case frozen
    case gone
}

/// The processes of this machine.
public struct LocalPlace: FaultPlace {
    private let hands: (any PlaceHands)?

    /// - Parameter hands: what stayed root; nil: nothing did.
    public init(hands: (any PlaceHands)? = nil) { self.hands = hands }

    public func make(_ change: PlaceChange, bound: Duration) async throws {
        guard let hands else { throw DrillError(PlaceLimits.ordinaryUser.network ?? "") }
        try await hands.make(change, bound: bound)
    }

    public func undo() async throws -> String { try await hands?.undo() ?? "" }

    public func find(_ pid: Int32, host: String?) async -> ProcessIdentity? {
        guard pid > 1, let identity = ProcessIdentity(pid: pid), identity.groupMembers.contains(pid) else { return nil }
        return identity
    }

    public func signal(_ number: Int32, to process: ProcessIdentity, host: String?) async {
        guard process.isAlive else { return }
        process.signalGroup(number)
    }

    public func state(of process: ProcessIdentity, host: String?) async -> ProcessState {
        guard process.isAlive else { return .gone }
        return process.isItselfFrozen ? .frozen : .running
    }
}

/// Undoes what a drill does, should it not come to that itself.
public protocol HealerLink: Sendable {
    /// - Parameter bound: after which it is undone although the drill lives.
    /// - Throws: where nobody would undo it; then it is not to be done.
    func arm(_ undos: [Undo], bound: Duration) async throws
    func disarm() async
}

/// One thing to undo.
public enum Undo: Codable, Sendable, Equatable {
    /// SIGCONT to these processes, and their groups.
    case thaw([ProcessIdentity])
    /// A file that the drill has made.
    case delete(String)
    /// `tandem up`.
    case start
}

/// All that a fault has to do with.
public struct FaultSite: Sendable {
    public var stack: any DrilledStack
    public var place: any FaultPlace
    public var healer: any HealerLink

    public init(stack: any DrilledStack, place: any FaultPlace, healer: any HealerLink) {
        self.stack = stack
        self.place = place
        self.healer = healer
    }
}

/// The processes that a fault has struck.
struct Struck: Sendable {
    var processes: [Part: ProcessIdentity] = [:]

    /// Whether the stack is whole again, with other processes in place of those that are gone.
    func isOver(_ look: StackLook) -> Bool {
        look.isWhole && processes.allSatisfy { part, process in look.pid(of: part) != process.pid }
    }
}

extension FaultSite {
    private static let lookPause = Duration.milliseconds(100)
    private static let lookPatience = Duration.seconds(15)

    /// The processes behind parts, checked: the stack names the same number before and after it was looked at, so that
    /// it was this very process which was looked at. An agent that has too much to do answers late, and is asked again.
    func processes(of parts: [Part]) async throws -> [Part: ProcessIdentity] {
        let deadline = ContinuousClock.now + Self.lookPatience
        while true {
            do {
                return try await processesNow(of: parts)
            } catch let error as DrillError {
                guard ContinuousClock.now < deadline else { throw error }
                try await Task.sleep(for: Self.lookPause)
            }
        }
    }

    private func processesNow(of parts: [Part]) async throws -> [Part: ProcessIdentity] {
        let before = await stack.look()
        var found: [Part: ProcessIdentity] = [:]
        for part in parts {
            guard let pid = before.pid(of: part) else {
                throw DrillError("nobody could say which process \(part) is; see: tandem status")
            }
            guard let process = await place.find(pid, host: part.host) else {
                throw DrillError("\(part), pid \(pid), leads no group of its own, so it is left alone")
            }
            found[part] = process
        }
        let after = await stack.look()
        for part in parts where after.pid(of: part) != found[part]?.pid {
            throw DrillError("\(part) was just being replaced, so it is left alone")
        }
        return found
    }

    static let killBound = Duration.seconds(5)

    /// SIGKILL to processes and their groups, all at one moment.
    /// - Returns: nil when all are gone.
    func kill(_ processes: [Part: ProcessIdentity], for fault: String) async -> DrillError? {
        for (part, process) in processes.startersFirst { await place.signal(9, to: process, host: part.host) }
        let areGone = await wait(processes, bound: Self.killBound) { $0 == .gone }
        return areGone ? nil : DrillError("\(fault): not all processes were gone 5 s after SIGKILL")
    }

    /// - Returns: whether all came into the state within the bound.
    func wait(_ processes: [Part: ProcessIdentity], bound: Duration, _ isWanted: (ProcessState) -> Bool) async -> Bool {
        let deadline = ContinuousClock.now + bound
        while true {
            var all = true
            for (part, process) in processes where await !isWanted(place.state(of: process, host: part.host)) {
                all = false
            }
            if all { return true }
            guard ContinuousClock.now < deadline, !Task.isCancelled else { return false }
            try? await Task.sleep(for: .milliseconds(5))
        }
    }

    /// - Throws: when it is not so within the bound.
    func waitUntil(bound: Duration, _ what: String, _ isSo: (StackLook) -> Bool) async throws {
        let deadline = ContinuousClock.now + bound
        while true {
            let look = await stack.look()
            if isSo(look) { return }
            try Task.checkCancellation()
            guard ContinuousClock.now < deadline else { throw DrillError("\(what): the stack is \(look.state)") }
            try await Task.sleep(for: Self.lookPause)
        }
    }
}

extension Part {
    var host: String? {
        switch self {
        case .keeper: nil
        case .agent(let host), .service(_, let host): host
        }
    }
}

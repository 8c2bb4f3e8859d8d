import Synchronization
import TandemBlueprint
import TandemDrill
import TandemServices
import TandemStack

/// A stack on hosts of its own, as a drill gets at it by way of its parts there.
final class DrilledFleet: DrilledStack, FaultPlace, HealerLink {
    struct State {
        /// On which host each process is: those of two hosts may have the same number.
        var owners: [ProcessIdentity: String] = [:]
        /// Hosts that a fault holds, which see the others no better than these see them.
        var away: Set<String> = []
        var cut: Set<String> = []
        var booting: Set<String> = []
        var frozen: Set<String> = []
        /// By the host's name. One that has booted has another.
        var links: [String: HostLink]
    }

    /// As the operator's file has it: what hosts say counts as far as it is about this.
    let stack: Stack
    let state: Mutex<State>
    /// Opens the way to the part of the drill on a host.
    let open: @Sendable (Host) async throws -> HostLink

    private static let lookPatience = Duration.seconds(3)
    /// Each service may take its time to stop, and to start.
    private static let restartPatience = Duration.seconds(300)
    private static let pingPause = Duration.seconds(3)

    /// - Parameter open: how hosts are reached that have booted.
    init(stack: Stack, links: [HostLink], open: @escaping @Sendable (Host) async throws -> HostLink) {
        self.stack = stack
        state = Mutex(State(links: Dictionary(links.map { ($0.name, $0) }) { $1 }))
        self.open = open
    }

    private var links: [HostLink] {
        let links = state.withLock { $0.links }
        return stack.hosts.compactMap { links[$0.name] }
    }

    /// The hosts undo what is left when they hear no more.
    func close() {
        for link in links { link.end() }
    }

    func link(_ host: String?) throws -> HostLink {
        guard let link = links.first(where: { $0.name == host }) else {
            throw DrillError("there is no host '\(host ?? "")'")
        }
        return link
    }

    /// Those that can speak for all come first.
    private var speakers: [HostLink] {
        let away = state.withLock { $0.away.union($0.frozen) }
        return (links.filter { !away.contains($0.name) } + links.filter { away.contains($0.name) }).filter {
            !$0.isOver
        }
    }

    /// The first answer that any host gives.
    private func anybody(_ work: HostOrder.Work, within bound: Duration) async throws -> HostAnswer {
        var last: any Error = DrillError("no host answers the drill")
        for link in speakers {
            do { return try await link.ask(work, within: bound) } catch { last = error }
        }
        throw last
    }

    /// Has one host do something. Nobody else is asked where nobody knows whether it was done.
    private func order(_ work: HostOrder.Work, within bound: Duration = HostLink.patience) async throws {
        guard let link = speakers.first else { throw DrillError("no host answers the drill") }
        try await link.ask(work, within: bound)
    }

    /// Has every host ready.
    /// - Parameter breaks: with what an earlier drill left undone, because this one is to break things.
    /// - Returns: the stack's authority, as PEM.
    /// - Throws: `Failure` that names the hosts that cannot take part.
    func begin(breaks: Bool) async throws -> String {
        var authority: String?
        var silent: [String] = []
        for link in links {
            do { authority = try await link.ask(.begin(breaks: breaks)).authority ?? authority } catch {
                silent.append("\(error)")
            }
        }
        guard silent.isEmpty, let authority else {
            throw Failure(
                .failed,
                "\(silent.joined(separator: "\n"))\nNothing was broken. Hosts that are new, or have an earlier version of tandem: tandem up"
            )
        }
        return authority
    }

    /// Tells the hosts that somebody is there, until one has no way to the drill any more.
    /// - Returns: what has happened; nil where the task was cancelled.
    func end() async -> String? {
        while !Task.isCancelled {
            let booting = state.withLock { $0.booting }
            if let link = links.first(where: { $0.isOver && !booting.contains($0.name) }) {
                return
                    "the connection to \(link.name) was lost, and what was broken there heals by itself within a minute"
            }
            await withDiscardingTaskGroup { group in
                for link in links { group.addTask { _ = try? await link.ask(.ping, within: Self.pingPause) } }
            }
            try? await Task.sleep(for: Self.pingPause)
        }
        return nil
    }

    // MARK: - The stack

    func look() async -> StackLook {
        var look = StackLook(isWhole: false, hosts: [], keeper: nil, primary: nil, state: "out of reach")
        if let said = try? await anybody(.look, within: Self.lookPatience).look {
            let names = Set(stack.hosts.map(\.name))
            look = said
            // What a host says goes to the terminal, and decides what is done.
            look.state = Terminal.printable(said.state)
            look.primary = said.primary.flatMap { names.contains($0) ? $0 : nil }
            look.hosts = said.hosts.filter { names.contains($0.name) }
            for place in look.hosts.indices {
                look.hosts[place].services.removeAll { !Self.isServiceName($0.name) }
            }
        }
        look.areMachines = true
        look.keeper = nil
        look.ownDisks = [:]
        return look
    }

    private static func isServiceName(_ name: String) -> Bool {
        (1...64).contains(name.utf8.count)
            && name.utf8.allSatisfy { (97...122).contains($0) || (48...57).contains($0) || $0 == UInt8(ascii: "-") }
    }

    func firing() async -> [FiredAlert]? { try? await anybody(.firing, within: Self.lookPatience).alerts }

    func restart(_ service: String, on host: String) async throws {
        try await order(.restart(service: service, host: host), within: Self.restartPatience)
    }

    func restartApp() async throws { try await order(.restartApp, within: Self.restartPatience) }

    func switchOver() async throws { try await order(.switchOver) }

    func start() async throws { throw DrillError("systemd starts the agents of hosts of their own") }

    /// How long at most; each host has timers of its own for it.
    private static let longestAbsence = 60

    /// It loses all packets, too: a kernel that lives says at once that nobody listens any more, and one without power
    /// says nothing.
    func keepDown(_ host: String, arm: @Sendable (Undo) async throws -> Void) async throws {
        state.withLock { _ = $0.away.insert(host) }
        do {
            try await link(host).ask(.keepDown(seconds: Self.longestAbsence))
            try await link(host).ask(.cut(try all(host), seconds: Self.longestAbsence))
        } catch {
            await letUp(host)
            throw error
        }
    }

    func isDown(_ host: String) async -> Bool { (try? await link(host).ask(.isDown).isDown) ?? false }

    func letUp(_ host: String) async {
        _ = try? await link(host).ask(.undoCut)
        _ = try? await link(host).ask(.letUp)
        state.withLock { _ = $0.away.remove(host) }
    }

    func all(_ name: String) throws -> HostCut {
        guard let host = stack.hosts.first(where: { $0.name == name }) else {
            throw DrillError("there is no host '\(name)'")
        }
        return .all(
            sshPorts: stack.ssh.ports(of: host),
            addresses: host.has(.balancer) ? stack.frontAddresses.map(\.address) : [])
    }

    // MARK: - Its processes

    func find(_ pid: Int32, host: String?) async -> ProcessIdentity? {
        guard let process = try? await link(host).ask(.find(pid)).process else { return nil }
        state.withLock { $0.owners[process] = host }
        return process
    }

    func signal(_ number: Int32, to process: ProcessIdentity, host: String?) async {
        _ = try? await link(host).ask(.signal(number, process))
    }

    func state(of process: ProcessIdentity, host: String?) async -> ProcessState {
        // Where nobody says so, nothing is known to have happened.
        (try? await link(host).ask(.state(process)).state) ?? .running
    }

    // MARK: - The hosts' network

    func make(_ change: PlaceChange, bound: Duration) async throws {
        let seconds = Int(bound.components.seconds)
        var cuts: [String: HostCut] = [:]
        switch change {
        case .isolate(let host, _):
            cuts[host] = try all(host)
            state.withLock { _ = $0.away.insert(host) }
        case .cutConnections(let processes):
            let owners = state.withLock { $0.owners }
            for (host, own) in Dictionary(grouping: processes, by: { owners[$0] ?? "" }) { cuts[host] = .opened(own) }
        }
        let hosts = Set(cuts.keys)
        state.withLock { $0.cut = hosts }
        do {
            for (host, cut) in cuts { try await link(host).ask(.cut(cut, seconds: seconds)) }
        } catch {
            _ = try? await undo()
            throw error
        }
    }

    func undo() async throws -> String {
        let hosts = state.withLock { state in
            defer {
                state.away.subtract(state.cut)
                state.cut = []
            }
            return state.cut
        }
        var proofs: [String] = []
        var failure: (any Error)?
        for host in hosts.sorted() {
            do {
                if let proof = try await link(host).ask(.undoCut).proof { proofs.append(proof) }
            } catch {
                failure = error
            }
        }
        // Of two hosts only one may have opened connections to the other.
        guard let proof = proofs.first else { throw failure ?? DrillError("nothing was cut") }
        return proof
    }

    // MARK: - What heals should the drill die

    func arm(_ undos: [Undo], bound: Duration) async throws {
        for case .thaw(let processes) in undos {
            let owners = state.withLock { $0.owners }
            let byHost = Dictionary(grouping: processes) { owners[$0] ?? "" }
            state.withLock { $0.frozen = Set(byHost.keys) }
            for (host, own) in byHost {
                try await link(host).ask(.thawLater(own, seconds: Int(bound.components.seconds)))
            }
        }
    }

    func disarm() async {
        let hosts = state.withLock { state in
            defer { state.frozen = [] }
            return state.frozen
        }
        for host in hosts { _ = try? await link(host).ask(.forgetThaw) }
    }
}

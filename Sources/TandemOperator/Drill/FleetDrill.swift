import Foundation
import Glibc
import TandemBlueprint
import TandemDrill
import TandemFleet
import TandemStack

/// A drill of a stack whose hosts are machines of their own: its load comes from here, as users' does, and what is
/// broken there is broken by a part of it on each host.
package struct FleetDrill: Sendable {
    let hosts: FleetHosts
    let request: DrillRequest
    let isConfirmed: Bool

    package init(hosts: FleetHosts, request: DrillRequest, isConfirmed: Bool) {
        self.hosts = hosts
        self.request = request
        self.isConfirmed = isConfirmed
    }

    /// - Returns: whether a promise was broken, or something became slower.
    package func run() async throws -> Bool {
        // Before anything is held that others need.
        if !request.list { try confirm() }
        let name = hosts.stack.name
        let sessions = try await hosts.onEach("reach the hosts of \(name)") { session in
            guard session.canBeRoot else { throw Failure(.failed, session.rootRefusal) }
            return session
        }
        if let first = sessions.values.first { _ = try await FleetReleases(hosts: hosts).state(first) }
        // A connection that ends is an error of the order that was sent over it.
        signal(SIGPIPE, SIG_IGN)
        if request.list { return try await drill(sessions, lock: nil) }
        // The ways to the hosts are opened once we hold the lock: OpenSSH's client closes the descriptor by which
        // Foundation sees that a process has ended, so that it hears of the end of those only in the order in which
        // they were started.
        return try await FleetLock.holding(hosts, sessions) { try await drill(sessions, lock: $0) }
    }

    /// - Parameter lock: nil where nothing is broken.
    private func drill(_ sessions: [String: HostSession], lock: FleetLock?) async throws -> Bool {
        var links: [HostLink] = []
        do {
            for host in hosts.stack.hosts {
                guard let session = sessions[host.name] else { continue }
                links.append(try HostLink(session, command(host)))
            }
        } catch {
            for link in links { link.end() }
            throw error
        }
        let fleet = DrilledFleet(stack: hosts.stack, links: links) { [hosts] host in
            // Not over the connection that the other commands share, which may not know yet that its host has gone.
            let session = try await hosts.freshSession(host)
            // The boot has ended what held it there.
            try await lock?.take([session], places: hosts.places, name: FleetLock.operatorName)
            return try HostLink(session, command(host))
        }
        defer { fleet.close() }
        let authority = try AuthorityFile(await fleet.begin(breaks: !request.list))
        return try await DrillSession(request: request, ground: ground(fleet, authority)).run()
    }

    private func command(_ host: Host) -> [String] {
        OperatorMode.environment(stack: hosts.stack.name) + [
            HostPlaces.program, "host", "drill", host.name, "--file",
            "\(hosts.places.operatorFolder)/\(Project.fileName)",
        ]
    }

    private func ground(_ fleet: DrilledFleet, _ authority: AuthorityFile) -> DrillGround {
        let stack = hosts.stack
        return DrillGround(
            stack: stack, url: stack.url,
            door: { patience in
                HTTPFrontDoor(
                    url: stack.url, name: stack.domain,
                    // What moves with the balancers. Where nothing does, users' resolvers say where to go, and so does
                    // this machine's.
                    address: stack.frontAddresses.first?.address, caFile: authority.path, patience: patience)
            },
            folder: "\(UserFolder.state.path)/tandem/drills/\(stack.name)", drilled: fleet, place: fleet,
            limits: PlaceLimits(network: nil, clock: Self.noClock, power: noPower), healer: { _ in fleet },
            end: { await fleet.end() })
    }

    private static let noClock = "the clocks of machines are left alone: other software there goes by them too"

    /// A machine that does not come back by itself has to be fetched.
    private var noPower: String? {
        if request.list || request.only?.lowercased().contains("reboot") == true { return nil }
        return "machines are booted only where somebody asks for it: --only reboot"
    }

    private var boots: String {
        noPower == nil
            ? "\n`reboot` BOOTS MACHINES as if their power had failed, with all that runs there; one that does not boot by itself stays away."
            : ""
    }

    private func confirm() throws {
        guard !isConfirmed else { return }
        let name = hosts.stack.name
        guard isatty(STDIN_FILENO) == 1 else {
            throw Failure(.usage, "a drill breaks '\(name)' on purpose while its users are there; say so with --yes")
        }
        Terminal.write(
            """
            This breaks '\(name)' on purpose, on \(hosts.stack.hosts.map(\.name).joined(separator: ", ")), while its users are there. `kill HOST` and
            `cut HOST` take the network from all that runs on that machine, for 12 s. Each host heals by itself within a minute.\(boots)
            Type the stack's name to go on: 
            """, to: .standardError)
        guard readLine() == name else { throw Failure(.failed, "nothing was broken") }
    }
}

/// The stack's authority, in a file for as long as somebody wants it.
private final class AuthorityFile: Sendable {
    let path: String

    init(_ text: String) throws {
        var template = Array("/tmp/tandem-authority-XXXXXX".utf8CString)
        let descriptor = mkstemp(&template)
        guard descriptor >= 0 else {
            throw Failure(.failed, "cannot make a file in /tmp: \(String(cString: strerror(errno)))")
        }
        path = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
        try FileHandle(fileDescriptor: descriptor, closeOnDealloc: true).write(contentsOf: Data(text.utf8))
    }

    deinit { unlink(path) }
}

import CTandemSystem
import Glibc
import Logging
import Synchronization
import TandemBlueprint
import TandemServices

/// The sockets that users connect to, kept while the process that accepts on them comes and goes: meanwhile connections
/// wait in the kernel's queue, and none is refused.
///
/// They outlive the agent as well, where systemd keeps its unit: systemd has a copy of each (FDSTORE=1 of sd_notify(3))
/// and gives it to the next agent (sd_listen_fds(3)).
public final class HeldSockets: Sendable {
    private struct State {
        /// By `ADDRESS:PORT`.
        var sockets: [String: Int32] = [:]
        /// Those that systemd has a copy of.
        var stored: Set<String> = []
    }

    private let state: Mutex<State>
    /// systemd's socket; nil where it does not keep this process.
    private let manager: String?
    private let logger: Logger

    /// The name by which systemd knows ours.
    private static let label = "front"

    /// - Parameters:
    ///   - environment: what systemd says to a service that it has started; empty where it did not.
    ///   - firstGiven: the first descriptor that it gives away (SD_LISTEN_FDS_START).
    public init(environment: [String: String] = [:], firstGiven: Int32 = 3, logger: Logger) {
        manager = environment["NOTIFY_SOCKET"]
        self.logger = logger
        var state = State()
        if environment["LISTEN_PID"] == "\(getpid())", let count = Int32(environment["LISTEN_FDS"] ?? ""), count > 0 {
            for descriptor in firstGiven..<(firstGiven + min(count, Int32(AgentUnit.mostStoredSockets))) {
                _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
                guard let place = ListenerCheck.place(of: descriptor), state.sockets[place] == nil else {
                    close(descriptor)
                    continue
                }
                state.sockets[place] = descriptor
                state.stored.insert(place)
            }
        }
        self.state = Mutex(state)
    }

    /// The agent's descriptors of the sockets, by the number that each is to have in HAProxy's process. The agent binds
    /// a socket that it does not have yet; HAProxy makes it listen, and it goes on listening after HAProxy has ended.
    /// - Throws: `StateError` where another user has the port.
    func descriptors(_ wanted: [FrontSocket]) throws -> [Int32: Int32] {
        try state.withLock { state in
            var result: [Int32: Int32] = [:]
            for socket in wanted {
                let place = socket.description
                if state.sockets[place] == nil {
                    do {
                        state.sockets[place] = try ListenerCheck.bindShared(
                            address: socket.address, port: socket.port, mayBeElsewhere: true)
                    } catch let error as ListenerCheck.BindError {
                        throw StateError("cannot listen: \(error.words(address: socket.address, port: socket.port))")
                    }
                }
                guard let descriptor = state.sockets[place] else { continue }
                if !state.stored.contains(place), store(descriptor) { state.stored.insert(place) }
                result[socket.descriptor] = descriptor
            }
            return result
        }
    }

    /// Copies from a running HAProxy, which an earlier agent started, those sockets that systemd did not give to this
    /// agent.
    func take(_ wanted: [FrontSocket], from process: ProcessIdentity) {
        state.withLock { state in
            for socket in wanted where state.sockets[socket.description] == nil {
                state.sockets[socket.description] = ListenerCheck.copy(
                    socket.descriptor, of: process, at: socket.description)
            }
        }
    }

    /// Gives back the ports that nothing is to listen on any more.
    func keep(only wanted: [FrontSocket]) {
        let places = Set(wanted.map(\.description))
        state.withLock { state in
            let surplus = state.sockets.filter { !places.contains($0.key) }
            guard !surplus.isEmpty else { return }
            for (place, descriptor) in surplus {
                close(descriptor)
                state.sockets[place] = nil
            }
            // systemd knows them by one name: all go, and those that stay are stored anew.
            if !state.stored.isEmpty { tell("FDSTOREREMOVE=1\nFDNAME=\(Self.label)", []) }
            state.stored = Set(state.sockets.filter { store($0.value) }.keys)
        }
    }

    /// A socket that does not listen yet is one that has hung up, to poll(2): systemd is not to look (FDPOLL=0).
    private func store(_ descriptor: Int32) -> Bool {
        tell("FDSTORE=1\nFDPOLL=0\nFDNAME=\(Self.label)", [descriptor])
    }

    @discardableResult
    private func tell(_ words: String, _ descriptors: [Int32]) -> Bool {
        guard let manager else { return false }
        let socket = tandem_call_manager(manager)
        defer { if socket >= 0 { close(socket) } }
        let bytes = Array(words.utf8)
        guard socket >= 0, tandem_send_message(socket, bytes, bytes.count, descriptors, descriptors.count) == 0 else {
            logger.warning("systemd does not keep the front's sockets: \(String(cString: strerror(errno)))")
            return false
        }
        return true
    }
}

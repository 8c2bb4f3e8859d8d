import Glibc
import TandemAgent
import TandemBlueprint
import TandemStack

/// Keeps the port of an agent's verdicts from other users of the machine while the agent begins anew: whoever answered
/// the database routers in its place would close the database to the app.
///
/// The keeper's socket is bound and does not listen. With SO_REUSEPORT the kernel lets other sockets of the same user
/// share its port, and nobody else's (socket(7)).
struct HeldPorts: Sendable {
    private var sockets: [String: Int32] = [:]

    /// - Throws: `BindError` when another user has the port.
    mutating func hold(_ host: Host) throws {
        guard sockets[host.name] == nil else { return }
        sockets[host.name] = try ListenerCheck.bindShared(address: host.loopbackAddress, port: Ports.agentCheck)
    }

    mutating func release(_ host: String) {
        if let socket = sockets.removeValue(forKey: host) { close(socket) }
    }

    mutating func releaseAll() {
        for host in sockets.keys { release(host) }
    }
}

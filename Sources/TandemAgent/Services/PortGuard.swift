import Foundation
import Glibc
import TandemBlueprint
import TandemServices
import TandemStack

/// Tells whether a service's own process listens where it is meant to. Every user may listen on ports above 1023: a
/// program that waits for the moment in which the agent starts a service anew takes its place, and is sent what the
/// service's clients send.
struct PortGuard: Sendable {
    let address: String
    let port: Int
    /// Whose rights the service has, or may have.
    let users: Set<UInt32>

    /// - Parameters:
    ///   - sockets: those of the machine, as they are now.
    ///   - process: the service's; nil while none runs.
    ///   - seen: inodes of sockets that its launcher, where it has one, sees it have open.
    ///   - known: inodes of sockets that were found to be the service's own; added to.
    /// - Returns: words for the other user or program that listens there; nil where there is none.
    func stranger(
        among sockets: ListeningSockets, besides process: ProcessIdentity?, seen: Set<UInt64>? = nil,
        known: inout Set<UInt64>
    ) -> String? {
        for socket in sockets.reached(by: address, port) {
            // Root is no stranger: nothing is safe from it.
            if socket.user == 0 || known.contains(socket.inode) { continue }
            if !users.contains(socket.user) { return words(socket, socket.program) }
            // Another program of the same user. Without a process of ours it may be a rest of the last one.
            guard let process else { continue }
            if let seen {
                // One that is just being started may not be in the launcher's look yet.
                guard !seen.contains(socket.inode), process.isAlive, !seen.isEmpty else {
                    if seen.contains(socket.inode) { known.insert(socket.inode) }
                    continue
                }
                return words(socket, nil)
            }
            if socket.holder(among: process.members) == nil,
                let other = socket.program, process.isAlive, !process.members.contains(other.pid)
            {
                return words(socket, other)
            }
            known.insert(socket.inode)
        }
        return nil
    }

    /// Whether one with the service's rights listens: a stranger who listens for moments only is not seen in each look.
    func isServed(among sockets: ListeningSockets) -> Bool {
        sockets.reached(by: address, port).contains { users.contains($0.user) || $0.user == 0 }
    }

    /// A host's files as an agent begins with them: nginx sends nothing to an app's port that another user has by then.
    ///
    /// A program of the same user may be a rest of the last app here; it is told apart once there is a process of ours.
    /// - Parameters:
    ///   - plain: the host's blueprint that avoids no port.
    ///   - app: the app's own account, where it has one.
    static func firstPlan(
        _ plain: HostBlueprint, stack: Stack, host: Host, layout: Layout, app: AppAccount?
    ) throws -> (blueprint: HostBlueprint, avoided: Set<Int>) {
        let sockets = ListeningSockets.now()
        var avoided: Set<Int> = []
        let users = Set([geteuid()] + (app.map { [$0.user] } ?? []))
        for place in plain.services.filter({ $0.name == .app }).flatMap(\.listeners) {
            var known: Set<UInt64> = []
            let look = PortGuard(address: place.address, port: place.port, users: users)
            if look.stranger(among: sockets, besides: nil, known: &known) != nil { avoided.insert(place.port) }
        }
        if avoided.isEmpty { return (plain, avoided) }
        return (try HostBlueprint(stack: stack, host: host, layout: layout, avoiding: avoided), avoided)
    }

    private func words(_ socket: ListeningSocket, _ program: (name: String, pid: Int32)?) -> String {
        var holder = "user \(Self.account(socket.user))"
        if let program { holder += " (pid \(program.pid), \(program.name))" }
        return "port \(address):\(port) is held by \(holder), who may be sent what is meant for this service; "
            + "end that program: `ss -ltnp` as root shows it"
    }

    /// The name of an account, or its number where it has none.
    static func account(_ user: UInt32) -> String {
        guard let entry = getpwuid(user) else { return "\(user)" }
        return String(cString: entry.pointee.pw_name)
    }
}

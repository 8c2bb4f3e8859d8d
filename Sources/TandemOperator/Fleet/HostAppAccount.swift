import CTandemSystem
import Foundation
import Glibc
import TandemBlueprint
import TandemStack

/// Gives the app of one host an account of its own, as root: the account, what it may read, and its launcher's units.
/// Doing it again changes nothing.
package struct HostAppAccount {
    let stack: String
    /// The account of the agent and of the servers.
    let agent: UserAccount

    package init(stack: String, agent: UserAccount) {
        self.stack = stack
        self.agent = agent
    }

    private var places: HostPlaces { HostPlaces(stack: stack) }

    package func make() throws {
        let app = try StackAccount(stack: stack, part: .app).make()
        try RootFile.makeFolder(HostPlaces.publishedParent, mode: 0o755)
        try RootFile.makeFolder(places.published, mode: 0o755, account: agent)
        try openReleases(to: app)
        try install(LauncherUnits(places: places, agent: agent.name, app: app.name))
    }

    /// The app reads its versions and changes none. nginx, which has the agent's account, shows what is public of them.
    private func openReleases(to app: UserAccount) throws {
        var entry = tandem_entry()
        if tandem_look_at(places.releases, 0, &entry) == 0, entry.group != app.group {
            // As their owner: root would follow whatever link lies there. The folder itself is given to the group last,
            // so that what is cut off here is done again.
            let script = """
                cd / && find "$1" -mindepth 1 ! -type l -exec chgrp "$2" {} + -exec chmod g+rX,g-w {} +
                """
            let outcome = try RootTool.run([
                "/usr/bin/setpriv", "--reuid=\(agent.user)", "--regid=\(agent.group)", "--groups=\(app.group)",
                "--no-new-privs", "--", "/bin/sh", "-c", script, "sh", places.releases, app.name,
            ])
            guard outcome.status == 0 else {
                throw Failure(.failed, "cannot let \(app.name) read the versions of the app in \(places.releases)")
            }
        }
        try RootFile.makeFolder(places.releases, mode: 0o750, account: agent, group: app.group)
    }

    private func install(_ units: LauncherUnits) throws {
        let folder = HostPlaces.unitFolder
        let socket = try write(units.socket, to: "\(folder)/\(places.launcherSocketUnit)")
        let service = try write(units.service, to: "\(folder)/\(places.launcherUnit)")
        if socket || service { try Systemctl.run("daemon-reload") }
        // What it has started goes on.
        if service { try Systemctl.run("try-restart", places.launcherUnit) }
        if socket { try Systemctl.run("stop", places.launcherUnit, places.launcherSocketUnit) }
        try Systemctl.run("enable", "--quiet", "--now", places.launcherSocketUnit)
        if try runsEarlierProgram() { try Systemctl.run("reload", places.launcherUnit) }
    }

    /// - Returns: whether it was another one.
    private func write(_ text: String, to path: String) throws -> Bool {
        if let last = FileManager.default.contents(atPath: path), last == Data(text.utf8) { return false }
        try RootFile.write(text, to: path, mode: 0o644)
        return true
    }

    private func runsEarlierProgram() throws -> Bool {
        let shown = try RootTool.run(
            ["/usr/bin/systemctl", "show", "--property=MainPID", "--value", places.launcherUnit], capturing: 64)
        let pid = String(decoding: shown.output, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
        guard let number = Int32(pid), number > 0,
            let running = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(number)/exe")
        else { return false }
        return running != URL(fileURLWithPath: HostPlaces.program).resolvingSymlinksInPath().path
    }
}

import CTandemSystem
import Foundation
import Glibc
import TandemAgent
import TandemBlueprint
import TandemServices
import TandemStack

/// Makes a host a part of a stack, as root: the account, what the agent reads, and its unit, which starts at once and
/// with the host.
package struct HostAcceptance {
    let package: HostPackage

    package init(package: HostPackage) { self.package = package }

    package func run() throws {
        let stack = package.settings.applied.stack
        let places = HostPlaces(stack: stack.name)
        let account = StackAccount(stack: stack.name)
        let user = try account.make()
        // What is written into the account's own folder is written by the account: root would follow whatever link lies
        // there.
        let rights = [
            "/usr/bin/setpriv", "--reuid=\(user.user)", "--regid=\(user.group)", "--clear-groups", "--no-new-privs",
            "--",
        ]
        let input = try JSONEncoder().encode(package)
        let outcome = try RootTool.run(
            rights + [HostPlaces.program, "host", "unpack", places.stateFolder],
            environment: ["XDG_RUNTIME_DIR": places.runtimeFolder, "PATH": "/usr/bin:/bin"], input: input)
        guard outcome.status == 0 else { throw Failure(.failed, "\(package.host): its files could not be written") }
        let unit = try AgentUnit(
            stack: stack, host: try package.settings.host(package.host), account: account.name
        ).text()
        try RootFile.write(unit, to: places.unitFile, mode: 0o644)
        try Systemctl.run("daemon-reload")
        try Systemctl.run("enable", "--quiet", places.unit)
        try Systemctl.run("restart", places.unit)
    }
}

/// Ends a host's part in a stack, as root.
package struct HostDeparture {
    package let stack: String
    let keepsData: Bool

    package init(stack: String, keepsData: Bool) {
        self.stack = stack
        self.keepsData = keepsData
    }

    package func run() throws {
        let places = HostPlaces(stack: stack)
        if access(places.unitFile, F_OK) == 0 {
            try Systemctl.run("disable", "--quiet", "--now", places.unit)
            guard unlink(places.unitFile) == 0 else { throw RootFile.failure("delete", places.unitFile) }
            try Systemctl.run("daemon-reload")
        }
        try forgetRootParts(places)
        let account = StackAccount(stack: stack)
        let app = StackAccount(stack: stack, part: .app)
        try app.endProcesses()
        try account.endProcesses()
        for path in [places.operatorFolder, StackFolder(path: places.operatorFolder, environment: [:]).socketRoot] {
            try? FileManager.default.removeItem(atPath: path)
        }
        guard !keepsData else { return }
        if let user = try account.existing() {
            // As that account: root deletes nothing below a folder of somebody else's.
            for folder in [places.releases, places.published] {
                _ = try RootTool.run(
                    [
                        "/usr/bin/setpriv", "--reuid=\(user.user)", "--regid=\(user.group)", "--clear-groups", "--",
                        "/usr/bin/find", folder, "-mindepth", "1", "-delete",
                    ], isQuiet: true)
                rmdir(folder)
            }
        }
        _ = try app.retire()
        _ = try account.retire()
        try? FileManager.default.removeItem(atPath: places.runtimeFolder)
    }
}

extension HostDeparture {
    /// The firewall, and what moved addresses.
    private func forgetRootParts(_ places: HostPlaces) throws {
        for unit in [places.launcherSocketUnit, places.launcherUnit, places.keepalivedUnit, places.firewallUnit] {
            let path = "\(HostPlaces.unitFolder)/\(unit)"
            guard access(path, F_OK) == 0 else { continue }
            try Systemctl.run("disable", "--quiet", "--now", unit)
            guard unlink(path) == 0 else { throw RootFile.failure("delete", path) }
        }
        unlink("\(HostPlaces.unitFolder)/nftables.service.d/tandem-\(stack).conf")
        rmdir("\(HostPlaces.unitFolder)/nftables.service.d")
        try? FileManager.default.removeItem(atPath: places.rootFolder)
        rmdir((places.rootFolder as NSString).deletingLastPathComponent)
        try Systemctl.run("daemon-reload")
    }
}

/// systemctl(1) of this host.
enum Systemctl {
    static func run(_ words: String...) throws {
        let outcome = try RootTool.run(["/usr/bin/systemctl"] + words)
        guard outcome.status == 0 else {
            throw Failure(.failed, "systemctl \(words.joined(separator: " ")) ended with \(outcome.status)")
        }
    }
}

/// Files of root's own, in folders that are root's.
package enum RootFile {
    package static func write(_ text: String, to path: String, mode: mode_t) throws {
        let temporary = "\(path).new"
        unlink(temporary)
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode)
        guard descriptor >= 0 else { throw failure("write", path) }
        let handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        do { try handle.write(contentsOf: Data(text.utf8)) } catch { throw failure("write", path) }
        guard fchmod(descriptor, mode) == 0, fsync(descriptor) == 0, rename(temporary, path) == 0 else {
            throw failure("write", path)
        }
    }

    /// A folder in one of root's.
    /// - Parameters:
    ///   - account: whose it is to be; nil: root's own.
    ///   - group: nil: the account's.
    package static func makeFolder(
        _ path: String, mode: mode_t, account: UserAccount? = nil, group other: gid_t? = nil
    ) throws {
        let (user, group) = (account?.user ?? 0, other ?? account?.group ?? 0)
        guard mkdir(path, mode) == 0 || errno == EEXIST else { throw failure("make the folder", path) }
        var entry = tandem_entry()
        guard tandem_look_at(path, 0, &entry) == 0, entry.mode & S_IFMT == S_IFDIR, [0, user].contains(entry.user)
        else {
            throw Failure(.failed, "\(path) is not a folder of \(account?.name ?? "root"); remove it and try again")
        }
        guard lchown(path, user, group) == 0, chmod(path, mode) == 0 else { throw failure("give away", path) }
    }

    static func failure(_ what: String, _ path: String) -> Failure {
        Failure(.failed, "cannot \(what) \(path): \(String(cString: strerror(errno)))")
    }
}

import CTandemSystem
import Foundation
import Glibc
import TandemAgent
import TandemBlueprint
import TandemServices
import TandemStack

/// A system user that a stack of root's runs as, and the folder that is its home. No two stacks share one.
package struct StackAccount {
    /// What runs as it.
    package enum Part {
        case stack
        /// On hosts of their own the app, its workers and its jobs have an account beside that of the agent.
        case app
    }

    package var stack: String
    package var part: Part

    package init(stack: String, part: Part = .stack) {
        self.stack = stack
        self.part = part
    }

    private var places: HostPlaces { HostPlaces(stack: stack) }
    private var parent: String { part == .app ? HostPlaces.appHomeParent : "/var/lib/tandem/stacks" }

    package var folder: String { "\(parent)/\(stack)" }

    package var name: String { part == .app ? places.appAccount : places.account }

    /// - Throws: `Failure` when somebody else has that name, or when the folder is not the account's.
    package func existing() throws -> UserAccount? {
        let account = UserAccount(name: name)
        if let account, account.home != folder || account.user == 0 || account.group == 0 {
            throw Failure(
                .failed,
                "the stack '\(stack)' would run as the system user '\(name)', but that user has another home "
                    + "(\(account.home)).\nGive the stack another name, or remove that user: userdel \(name)")
        }
        if let account, PathTrust.groupName(account.group) != name {
            throw Failure(
                .failed,
                "the system user '\(name)' has the group \(PathTrust.groupName(account.group)) in place of one of its own: "
                    + "what runs as it could be disturbed by others. Give it its own: groupadd --system \(name); "
                    + "usermod --gid \(name) \(name)")
        }
        var entry = tandem_entry()
        guard tandem_look_at(folder, 0, &entry) == 0 else { return account }
        guard entry.mode & S_IFMT == S_IFDIR, let account, entry.user == account.user else { throw foreign(entry) }
        return account
    }

    /// Version 0.1 kept such folders for root and for a user that all stacks shared.
    private func foreign(_ entry: tandem_entry) -> Failure {
        Failure(
            .failed,
            """
            \(folder) belongs to \(PathTrust.name(of: entry.user)), not to the system user '\(name)', who runs this stack. \
            Version 0.1 left such folders.
            Stop it first with the version that started it (tandem down). Then, to keep its data:
                useradd --system --user-group --no-create-home --home-dir \(folder) --shell /usr/sbin/nologin \(name)
                chmod 700 \(folder) && chown -hR \(name): \(folder)
            or to delete it, databases included:
                rm -r \(folder)
            """)
    }

    /// Makes what is missing of the account and its empty folder.
    package func make() throws -> UserAccount {
        for (path, mode) in [("/var/lib/tandem", mode_t(0o755)), (parent, 0o711)] {
            guard mkdir(path, mode) == 0 || errno == EEXIST else { throw failure("make the folder \(path)") }
            if let doubt = PathTrust.doubt(path, user: 0) {
                throw Failure(.failed, "cannot keep stacks in \(parent): \(doubt.path) \(doubt.reason)")
            }
        }
        // It was perhaps made under another umask.
        chmod(parent, 0o711)
        var account = try existing()
        let isOld = account != nil
        if account == nil {
            try addUser()
            account = try existing()
        }
        guard let account else {
            throw Failure(
                .failed,
                "the system user '\(name)' cannot be made, or be found. If there is a group of that name without a user, "
                    + "remove it: groupdel \(name)")
        }
        if mkdir(folder, 0o700) == 0 {
            if isOld { try revive() }
            guard lchown(folder, account.user, account.group) == 0 else { throw failure("give \(folder) to \(name)") }
        } else if errno != EEXIST {
            throw failure("make the folder \(folder)")
        }
        return account
    }

    private func addUser() throws {
        let command = [
            "/usr/sbin/useradd", "--system", "--user-group", "--no-create-home", "--home-dir", folder, "--shell",
            "/usr/sbin/nologin", name,
        ]
        let outcome = try RootTool.run(command, isQuiet: true)
        // 9: somebody else made it at the same moment.
        guard outcome.status == 0 || outcome.status == 9 else {
            throw Failure(
                .failed,
                "cannot make the system user '\(name)' (useradd ended with \(outcome.status)). Make it by hand:\n    "
                    + command.joined(separator: " "))
        }
    }

    /// After the stack has deleted what is in the folder: takes the folder away and locks the account. It is not
    /// deleted: its numbers would be given to the next account, and with them what this one has left elsewhere, such as
    /// set-uid files.
    /// - Returns: the account's name; nil where there is none.
    package func retire() throws -> String? {
        guard let account = try existing() else { return nil }
        endProcesses(of: account)
        if rmdir(folder) != 0, errno == ENOTEMPTY {
            // Written after the stack had deleted all. Root deletes nothing below a folder of somebody else's.
            let rights = [
                "/usr/bin/setpriv", "--reuid=\(account.user)", "--regid=\(account.group)", "--clear-groups", "--",
            ]
            _ = try RootTool.run(rights + ["/usr/bin/find", folder, "-mindepth", "1", "-delete"])
            rmdir(folder)
        }
        guard access(folder, F_OK) != 0 else { throw failure("delete \(folder)") }
        try modify(["--lock", "--expiredate", "1", "--shell", "/usr/sbin/nologin"], to: "lock")
        return name
    }

    /// A new one of the same name is the same stack's, as far as anybody can tell: it is root's, and its folder is this
    /// one.
    private func revive() throws { try modify(["--expiredate", ""], to: "take up again") }

    private func modify(_ options: [String], to what: String) throws {
        let command = ["/usr/sbin/usermod"] + options + [name]
        let outcome = try RootTool.run(command, isQuiet: true)
        guard outcome.status == 0 else {
            throw Failure(
                .failed,
                "cannot \(what) the system user '\(name)' (usermod ended with \(outcome.status)): "
                    + command.map(Shell.quoted).joined(separator: " "))
        }
    }

    /// The account is this stack's alone. What an app has left behind under it must not run on when the stack is gone.
    package func endProcesses() throws {
        if let account = try existing() { endProcesses(of: account) }
    }

    private func endProcesses(of account: UserAccount) {
        for _ in 0..<50 {
            let left = processes(of: account)
            if left.isEmpty { return }
            for pid in left {
                let handle = tandem_pidfd_open(pid)
                guard handle >= 0 else { continue }
                if owner(of: pid) == account.user { _ = tandem_pidfd_send_signal(handle, SIGKILL) }
                close(handle)
            }
            usleep(20_000)
        }
    }

    /// Containers have users of their own, who may have the same number.
    private func processes(of account: UserAccount) -> [Int32] {
        let own = Self.namespaces(of: "self")
        return ProcFile.pids.filter { owner(of: $0) == account.user && Self.namespaces(of: "\($0)") == own }
    }

    /// As namespaces(7) shows them.
    private static func namespaces(of process: String) -> [String?] {
        ["pid", "user"].map { try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(process)/ns/\($0)") }
    }

    private func owner(of pid: Int32) -> UInt32? {
        var entry = tandem_entry()
        return tandem_look_at("/proc/\(pid)", 1, &entry) == 0 ? entry.user : nil
    }

    private func failure(_ what: String) -> Failure {
        Failure(.failed, "cannot \(what): \(String(cString: strerror(errno)))")
    }
}

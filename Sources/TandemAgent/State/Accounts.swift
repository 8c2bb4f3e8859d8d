import CoreFoundation
import Foundation
import Glibc
import TandemServices

/// Whose rights processes run with.
///
/// As an ordinary user everything runs as that user. As root the engines run as the system user `tandem` and the app
/// as the owner of the stack file.
public struct Accounts: Codable, Sendable, Equatable {
    public struct Account: Codable, Sendable, Equatable {
        public var name: String
        public var home: String
        public var user: UInt32
        public var group: UInt32
        public var groups: [UInt32]

        var specification: ProcessSpecification.User { .init(user: user, group: group, groups: groups) }
    }

    /// nil: the caller's own.
    public var engine: Account?
    public var application: Account?

    /// Everything runs as whoever we are.
    public static let own = Accounts(engine: nil, application: nil)
    public static let engineUserName = "tandem"

    /// Finds the accounts, and makes the system user when it is missing.
    public static func forThisMachine(stackFile: String) throws -> Accounts {
        guard let owner = try ofOwner(stackFile: stackFile) else { return own }
        return Accounts(engine: try engineAccount(), application: owner)
    }

    /// For those who only look, and start nothing: programs that the stack file names are asked with its owner's rights. Makes no user.
    public static func forLooking(stackFile: String) throws -> Accounts {
        Accounts(engine: try ofOwner(stackFile: stackFile), application: nil)
    }

    /// Whom the stack file belongs to, if we are root; nil: we act as ourselves. Makes no user.
    public static func ofOwner(stackFile: String) throws -> Account? {
        guard geteuid() == 0 else { return nil }
        var status = stat()
        guard stat(stackFile, &status) == 0 else { throw StateError.file("look at", stackFile) }
        return try account(user: status.st_uid)
    }

    private static func engineAccount() throws -> Account {
        if let account = account(name: engineUserName) { return account }
        try makeEngineUser()
        guard let account = account(name: engineUserName) else {
            throw StateError("the system user '\(engineUserName)' was made, but cannot be found; see `getent passwd`")
        }
        return account
    }

    private static func makeEngineUser() throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/sbin/useradd")
        process.arguments = [
            "--system", "--user-group", "--no-create-home", "--home-dir", "/var/lib/tandem", "--shell",
            "/usr/sbin/nologin", engineUserName,
        ]
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        // 9: somebody else made it at the same moment.
        guard process.terminationStatus == 0 || process.terminationStatus == 9 else {
            throw StateError(
                "cannot make the system user '\(engineUserName)' (useradd ended with \(process.terminationStatus)); "
                    + "make it by hand, or run as an ordinary user")
        }
    }

    private static func account(name: String) -> Account? {
        guard let entry = getpwnam(name) else { return nil }
        return account(entry.pointee)
    }

    private static func account(user: UInt32) throws -> Account {
        guard let entry = getpwuid(user) else {
            throw StateError("the stack file belongs to user number \(user), who has no entry in the user database")
        }
        return account(entry.pointee)
    }

    private static func account(_ entry: passwd) -> Account {
        var count: Int32 = 64
        var groups = [gid_t](repeating: 0, count: Int(count))
        if getgrouplist(entry.pw_name, entry.pw_gid, &groups, &count) < 0 { count = 0 }
        return Account(
            name: String(cString: entry.pw_name), home: String(cString: entry.pw_dir), user: entry.pw_uid,
            group: entry.pw_gid, groups: Array(groups.prefix(Int(count))))
    }
}

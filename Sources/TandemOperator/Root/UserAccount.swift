import Glibc

/// A user of this machine, with what a process needs to become that user.
package struct UserAccount: Equatable {
    package var name: String
    var home: String
    package var user: UInt32
    package var group: UInt32
    package var groups: [UInt32]

    package init?(user: UInt32) {
        guard let entry = getpwuid(user) else { return nil }
        self.init(entry.pointee)
    }

    package init?(name: String) {
        guard let entry = getpwnam(name) else { return nil }
        self.init(entry.pointee)
    }

    private init?(_ entry: passwd) {
        var count: Int32 = 1024
        var groups = [gid_t](repeating: 0, count: Int(count))
        guard getgrouplist(entry.pw_name, entry.pw_gid, &groups, &count) >= 0 else { return nil }
        name = String(cString: entry.pw_name)
        home = String(cString: entry.pw_dir)
        user = entry.pw_uid
        group = entry.pw_gid
        self.groups = Array(groups.prefix(Int(count)))
    }

    /// Whom root becomes to look at what has no account of its own yet.
    package static var nobody: UserAccount? { UserAccount(name: "nobody") }
}

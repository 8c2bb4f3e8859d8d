import CTandemSystem
import Foundation
import Glibc

/// Whether somebody else can put another file in a file's place.
enum PathTrust {
    /// A file or folder on the way that others can change.
    struct Doubt: Equatable {
        var path: String
        /// Such as `belongs to anna`.
        var reason: String
    }

    /// What stands against believing that a file is what `user` or root put there: each folder above it and the file itself must
    /// belong to one of the two, and nobody else may write to them. nil: nothing does.
    static func doubt(_ path: String, user: UInt32) -> Doubt? {
        var walked = ""
        for component in [""] + path.split(separator: "/").map(String.init) {
            walked = component.isEmpty ? "/" : walked == "/" ? "/\(component)" : "\(walked)/\(component)"
            if let reason = reason(walked, user) { return Doubt(path: walked, reason: reason) }
        }
        return nil
    }

    /// The same for one file or folder, without those above it.
    static func reason(_ path: String, _ user: UInt32) -> String? {
        var entry = tandem_entry()
        guard tandem_look_at(path, 0, &entry) == 0 else {
            return "cannot be looked at: \(String(cString: strerror(errno)))"
        }
        guard entry.user == user || entry.user == 0 else { return "belongs to \(name(of: entry.user))" }
        let kind = entry.mode & S_IFMT
        // The mode of a link means nothing. In a sticky folder nobody can replace what belongs to another.
        if kind == S_IFLNK || (kind == S_IFDIR && entry.mode & S_ISVTX != 0) { return nil }
        if entry.mode & S_IWOTH != 0 { return "may be written by everybody" }
        if entry.mode & S_IWGRP != 0, entry.group != 0, !isPrivate(entry.group, of: entry.user) {
            return "may be written by the group \(groupName(entry.group))"
        }
        return nil
    }

    /// Many systems give each user a group of the same name with nobody else in it, and a umask of 002.
    private static func isPrivate(_ group: gid_t, of user: uid_t) -> Bool {
        guard let owner = getpwuid(user), let entry = getgrgid(group) else { return false }
        let name = String(cString: owner.pointee.pw_name)
        guard owner.pointee.pw_gid == group, String(cString: entry.pointee.gr_name) == name else { return false }
        var members = entry.pointee.gr_mem
        while let member = members?.pointee {
            if String(cString: member) != name { return false }
            members = members?.advanced(by: 1)
        }
        return true
    }

    static func name(of user: uid_t) -> String {
        getpwuid(user).map { String(cString: $0.pointee.pw_name) } ?? "user number \(user)"
    }

    private static func groupName(_ group: gid_t) -> String {
        getgrgid(group).map { String(cString: $0.pointee.gr_name) } ?? "number \(group)"
    }
}

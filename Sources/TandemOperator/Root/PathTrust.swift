import CTandemSystem
import Foundation
import Glibc

/// Whether somebody else can put another file in a file's place.
package enum PathTrust {
    /// A file or folder on the way that others can change.
    package struct Doubt: Equatable {
        package var path: String
        /// Such as `belongs to anna`.
        package var reason: String
    }

    /// As many as the kernel follows (path_resolution(7)).
    private static let mostLinks = 40

    /// What stands against believing that a file is what `user` or root put there: each folder on the way to it, each
    /// link that is followed, the folders on the way to where that leads, and the file itself must belong to one of the
    /// two, and nobody else may write to them. nil: nothing does.
    /// - Parameter path: absolute.
    package static func doubt(_ path: String, user: UInt32) -> Doubt? {
        if let reason = reason("/", user) { return Doubt(path: "/", reason: reason) }
        // Where it leads, link by link, as the kernel goes.
        var walked = ""
        var rest = path.split(separator: "/").map(String.init)[...]
        var links = 0
        while let component = rest.popFirst() {
            if component == "." { continue }
            if component == ".." {
                walked = walked.isEmpty ? "" : String(walked[..<(walked.lastIndex(of: "/") ?? walked.startIndex)])
                continue
            }
            let place = "\(walked)/\(component)"
            if let reason = reason(place, user) { return Doubt(path: place, reason: reason) }
            guard let target = try? FileManager.default.destinationOfSymbolicLink(atPath: place) else {
                walked = place
                continue
            }
            links += 1
            guard links <= mostLinks else { return Doubt(path: place, reason: "is one of too many links") }
            if target.hasPrefix("/") { walked = "" }
            rest = target.split(separator: "/").map(String.init)[...] + rest
        }
        return nil
    }

    /// The same for one file or folder, without those above it.
    package static func reason(_ path: String, _ user: UInt32) -> String? {
        var entry = tandem_entry()
        guard tandem_look_at(path, 0, &entry) == 0 else {
            return "cannot be looked at: \(String(cString: strerror(errno)))"
        }
        guard entry.user == user || entry.user == 0 else { return "belongs to \(name(of: entry.user))" }
        let kind = entry.mode & S_IFMT
        // The mode of a link means nothing. In a sticky folder nobody can replace what belongs to another.
        if kind == S_IFLNK || (kind == S_IFDIR && entry.mode & S_ISVTX != 0) { return nil }
        if entry.mode & S_IWOTH != 0 { return "may be written by everybody" }
        switch AccessList.read(path) {
        case .none:
            guard entry.mode & S_IWGRP != 0 else { return nil }
            return isPrivate(entry.group, of: entry.user) ? nil : byGroup(entry.group)
        case .unreadable: return "has an access control list that cannot be read"
        case .list(let list):
            // The group's bits of the mode are the list's mask.
            if let other = list.writingUsers.first(where: { $0 != user && $0 != 0 && $0 != entry.user }) {
                return "may be written by \(name(of: other)) (see getfacl)"
            }
            let groups = list.writingGroups + (list.isGroupWriting ? [entry.group] : [])
            return groups.first { !isPrivate($0, of: entry.user) }.map(byGroup)
        }
    }

    private static func byGroup(_ group: gid_t) -> String { "may be written by the group \(groupName(group))" }

    /// Many systems give each user a group of the same name with nobody else in it, and a umask of 002.
    private static func isPrivate(_ group: gid_t, of user: uid_t) -> Bool {
        guard let entry = getgrgid(group) else { return group == 0 }
        let name = String(cString: entry.pointee.gr_name)
        var named: [String] = []
        var members = entry.pointee.gr_mem
        while let member = members?.pointee {
            named.append(String(cString: member))
            members = members?.advanced(by: 1)
        }
        let owner = getpwuid(user).map { (name: String(cString: $0.pointee.pw_name), group: $0.pointee.pw_gid) }
        guard group == 0 || owner.map({ $0.group == group && $0.name == name }) == true else { return false }
        func isOurs(_ member: uid_t) -> Bool { member == user || member == 0 }
        for member in named {
            if let entry = getpwnam(member), !isOurs(entry.pointee.pw_uid) { return false }
        }
        // Whose first group it is stands in no list of members.
        setpwent()
        defer { endpwent() }
        while let other = getpwent() {
            if other.pointee.pw_gid == group, !isOurs(other.pointee.pw_uid) { return false }
        }
        return true
    }

    package static func name(of user: uid_t) -> String {
        getpwuid(user).map { String(cString: $0.pointee.pw_name) } ?? "user number \(user)"
    }

    static func groupName(_ group: gid_t) -> String {
        getgrgid(group).map { String(cString: $0.pointee.gr_name) } ?? "number \(group)"
    }
}

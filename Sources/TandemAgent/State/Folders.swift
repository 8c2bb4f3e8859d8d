import CoreFoundation
import Foundation
import Glibc

/// Folders that belong to nobody but us.
enum Folders {
    /// Makes a folder and those above it that are missing.
    /// - Parameter mode: of the last one.
    static func make(_ path: String, mode: UInt16 = 0o700) throws {
        if mkdir(path, mode_t(mode)) != 0 {
            switch errno {
            case EEXIST: break
            case ENOENT:
                let parent = (path as NSString).deletingLastPathComponent
                guard parent != path, !parent.isEmpty else { throw StateError.file("make the folder", path) }
                try make(parent, mode: mode)
                guard mkdir(path, mode_t(mode)) == 0 || errno == EEXIST else {
                    throw StateError.file("make the folder", path)
                }
            default: throw StateError.file("make the folder", path)
            }
        }
        try settle(path, mode: mode)
    }

    /// Gives a folder its permissions.
    private static func settle(_ path: String, mode: UInt16) throws {
        // One of ours may be a link that the administrator made, to a larger disk. A link of somebody else's would let
        // them have us give away any folder.
        var status = stat()
        guard lstat(path, &status) == 0 else { throw StateError.file("look at", path) }
        let isLink = status.st_mode & S_IFMT == S_IFLNK
        guard !isLink || status.st_uid == geteuid() else {
            throw StateError("\(path) is a link that somebody else made; remove it and try again")
        }
        let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | (isLink ? 0 : O_NOFOLLOW))
        guard descriptor >= 0 else { throw StateError.file("use the folder", path) }
        defer { close(descriptor) }
        guard fchmod(descriptor, mode_t(mode)) == 0 else { throw StateError.file("set the permissions of", path) }
    }

    /// Whether there is a real folder, and ours.
    static func isOwn(_ path: String) -> Bool {
        var status = stat()
        return lstat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR && status.st_uid == geteuid()
    }

    /// Whether there is something that is no folder of ours.
    static func isOthers(_ path: String) -> Bool {
        var status = stat()
        return lstat(path, &status) == 0 && !isOwn(path)
    }

    /// A folder that others could have put there before us, such as one below /tmp: it has to be a real folder and
    /// ours.
    static func makePrivate(_ path: String, mode: UInt16 = 0o700) throws {
        if mkdir(path, mode_t(mode)) != 0, errno != EEXIST { throw StateError.file("make the folder", path) }
        guard isOwn(path) else {
            throw StateError("\(path) is not a folder of ours: somebody else put it there; remove it and try again")
        }
        try settle(path, mode: mode)
    }
}

import CoreFoundation
import Foundation
import Glibc
import TandemServices

/// Folders that belong to nobody but us.
enum Folders {
    /// Makes a folder and those above it that are missing.
    /// - Parameter mode: of the last one.
    static func make(_ path: String, mode: UInt16 = 0o700, owner: ProcessSpecification.User? = nil) throws {
        if mkdir(path, mode_t(mode)) != 0 {
            switch errno {
            case EEXIST: break
            case ENOENT:
                let parent = (path as NSString).deletingLastPathComponent
                guard parent != path, !parent.isEmpty else { throw StateError.file("make the folder", path) }
                try make(parent, mode: mode, owner: owner)
                guard mkdir(path, mode_t(mode)) == 0 || errno == EEXIST else {
                    throw StateError.file("make the folder", path)
                }
            default: throw StateError.file("make the folder", path)
            }
        }
        guard chmod(path, mode_t(mode)) == 0 else { throw StateError.file("set the permissions of", path) }
        if let owner, chown(path, owner.user, owner.group) != 0 { throw StateError.file("change the owner of", path) }
    }

    /// A folder that others could have put there before us, such as one below /tmp: it has to be a real folder and ours.
    static func makePrivate(_ path: String, mode: UInt16 = 0o700, owner: ProcessSpecification.User? = nil) throws {
        if mkdir(path, mode_t(mode)) != 0, errno != EEXIST { throw StateError.file("make the folder", path) }
        var status = stat()
        guard lstat(path, &status) == 0 else { throw StateError.file("look at", path) }
        let expected = [geteuid(), owner?.user ?? geteuid()]
        guard status.st_mode & S_IFMT == S_IFDIR, expected.contains(status.st_uid) else {
            throw StateError("\(path) is not a folder of ours: somebody else put it there; remove it and try again")
        }
        guard chmod(path, mode_t(mode)) == 0 else { throw StateError.file("set the permissions of", path) }
        if let owner, chown(path, owner.user, owner.group) != 0 { throw StateError.file("change the owner of", path) }
    }
}

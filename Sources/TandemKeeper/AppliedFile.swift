import CoreFoundation
import Foundation
import Glibc
import TandemAgent

/// Notices when the applied stack is written anew.
struct AppliedFile {
    let path: String
    private var last: Stamp?

    private struct Stamp: Equatable {
        var inode: UInt64
        var seconds: Int
        var nanoseconds: Int
    }

    init(path: String) { self.path = path }

    private var stamp: Stamp? {
        var status = stat()
        guard stat(path, &status) == 0 else { return nil }
        return Stamp(
            inode: UInt64(status.st_ino), seconds: status.st_mtim.tv_sec, nanoseconds: status.st_mtim.tv_nsec)
    }

    /// What it says, when it was written since the last call; at the first one in any case.
    mutating func news() -> AppliedStack? {
        guard let now = stamp, now != last, let applied = try? JSONText.decode(AppliedStack.self, fromFile: path)
        else { return nil }
        last = now
        return applied
    }
}

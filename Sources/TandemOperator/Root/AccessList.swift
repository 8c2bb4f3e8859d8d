import CTandemSystem
import Glibc

/// Who else may write to a file by its access control list (acl(5)), as the kernel keeps it in an extended attribute.
struct AccessList: Equatable {
    var writingUsers: [UInt32] = []
    var writingGroups: [UInt32] = []
    /// Whether the file's own group may.
    var isGroupWriting = false

    enum Outcome: Equatable {
        case none
        case unreadable
        case list(AccessList)
    }

    static func read(_ path: String) -> Outcome {
        // The kernel allows no larger one.
        var bytes = [UInt8](repeating: 0, count: 65_536)
        let count = tandem_read_access_list(path, &bytes, bytes.count)
        guard count >= 0 else { return errno == ENODATA || errno == ENOTSUP ? .none : .unreadable }
        return parse(Array(bytes.prefix(count))).map(Outcome.list) ?? .unreadable
    }

    /// linux/posix_acl_xattr.h: a version, then entries of tag, rights and number, all little-endian.
    static func parse(_ bytes: [UInt8]) -> AccessList? {
        func number(_ start: Int, _ count: Int) -> UInt32 {
            (0..<count).reduce(0) { $0 | UInt32(bytes[start + $1]) << UInt32(8 * $1) }
        }
        guard bytes.count >= 4, (bytes.count - 4) % 8 == 0, number(0, 4) == 2 else { return nil }
        let entries = stride(from: 4, to: bytes.count, by: 8).map { start in
            (tag: number(start, 2), rights: number(start + 2, 2), identity: number(start + 4, 4))
        }
        let write: UInt32 = 2
        let (user, ownGroup, group, mask): (UInt32, UInt32, UInt32, UInt32) = (0x02, 0x04, 0x08, 0x10)
        let allowed = entries.first { $0.tag == mask }?.rights ?? 7
        let writing = entries.filter { $0.rights & allowed & write != 0 }
        return AccessList(
            writingUsers: writing.filter { $0.tag == user }.map(\.identity),
            writingGroups: writing.filter { $0.tag == group }.map(\.identity),
            isGroupWriting: writing.contains { $0.tag == ownGroup })
    }
}

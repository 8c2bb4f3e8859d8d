import Foundation
import Glibc

/// The disk of a host's database is filled with a file that has nothing in it, for a while.
struct DiskFault: Fault {
    var name: String
    var event: String
    var promise = Promise(writes: .wait)
    var host: String
    /// The host's data, where that lies on a disk of its own.
    var folder: String?

    let victims: [Part] = []

    static let hold = Duration.seconds(15)
    private static let spare = Duration.seconds(20)
    /// More than this is no disk for trials.
    static let mostBytes: Int64 = 4 << 30
    static let file = "tandem-drill-ballast"

    static let sharedDisk =
        "the host's data lies on the same disk as all else of this machine, which would be full too; a disk of its own "
        + "with less than 4 GB of room, such as a small tmpfs mounted there while the stack is down, is filled"

    func obstacle(_ look: StackLook) -> String? { folder == nil ? Self.sharedDisk : nil }

    func singlePoint(_ look: StackLook) -> String? { SinglePoint.words(["mysql"], host, look) }

    func strike(_ site: FaultSite, struck: @Sendable () -> Void) async throws -> Evidence {
        guard let folder else { throw DrillError(Self.sharedDisk) }
        let path = "\(folder)/\(Self.file)"
        try await site.healer.arm([.delete(path)], bound: Self.hold + Self.spare)
        struck()
        let written: Int64
        do {
            written = try Ballast.fill(path, most: Self.mostBytes)
        } catch {
            unlink(path)
            await site.healer.disarm()
            throw error
        }
        try? await Task.sleep(for: Self.hold)
        unlink(path)
        await site.healer.disarm()
        try Task.checkCancellation()
        return Evidence(words: "\(written >> 20) MB were written until the disk was full", struck: Struck())
    }
}

public enum Ballast {
    private static let pieceBytes = 1 << 20

    /// Writes until there is no room.
    /// - Throws: `DrillError` where that does not come about.
    static func fill(_ path: String, most: Int64) throws -> Int64 {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else {
            throw DrillError("cannot fill the disk by way of \(path): \(String(cString: strerror(errno)))")
        }
        defer { close(descriptor) }
        let piece = [UInt8](repeating: 0, count: pieceBytes)
        var written: Int64 = 0
        var size = pieceBytes
        while written < most {
            let count = write(descriptor, piece, size)
            if count < 0, errno == EINTR { continue }
            if count > 0 {
                written += Int64(count)
            } else if size > 1 {
                // The last pages, too.
                size /= 2
            } else {
                return written
            }
        }
        throw DrillError("the disk was not full after \(written >> 20) MB")
    }

    /// Whether a folder lies on a disk of its own that is small enough.
    /// - Parameter others: folders that must not be on it.
    public static func isOwnDisk(_ folder: String, others: [String]) -> Bool {
        guard let own = device(folder), !others.contains(where: { device($0) == own }) else { return false }
        var status = statvfs()
        guard statvfs(folder, &status) == 0 else { return false }
        return Int64(clamping: UInt64(status.f_bavail) * UInt64(status.f_frsize)) < DiskFault.mostBytes
    }

    private static func device(_ path: String) -> UInt64? {
        var status = stat()
        return lstat(path, &status) == 0 ? UInt64(status.st_dev) : nil
    }
}

import CoreFoundation
import Glibc
import Logging
import TandemServices

/// Has mysqld read its certificates anew as soon as their files change.
///
/// A certificate names the router of every app host. `up` writes new ones first when an app host comes, and its app may
/// connect before this host's own turn: clients that check the server's name would be refused until then.
struct CertificateWatch: Sendable {
    /// PEM files.
    let files: [String]
    let logger: Logger
    /// Throws while the server cannot be asked; it is asked again.
    let reload: @Sendable () async throws -> Void

    static let interval = Duration.milliseconds(500)

    /// Runs until the task is cancelled.
    func run() async {
        var read = Self.marks(files)
        while !Task.isCancelled {
            try? await Ticks.next(every: Self.interval)
            let now = Self.marks(files)
            guard now != read else { continue }
            do {
                try await reload()
                read = now
                logger.info("mysqld has read its new certificates")
            } catch {
                logger.debug("mysqld cannot read its new certificates yet: \(error)")
            }
        }
    }

    /// A file that is replaced has another number; one that is written to, another time.
    struct Mark: Equatable {
        var number: UInt64
        var seconds: Int
        var nanoseconds: Int
    }

    static func marks(_ files: [String]) -> [Mark?] {
        files.map { path in
            var status = stat()
            guard stat(path, &status) == 0 else { return nil }
            return Mark(
                number: UInt64(status.st_ino), seconds: status.st_mtim.tv_sec, nanoseconds: status.st_mtim.tv_nsec)
        }
    }
}

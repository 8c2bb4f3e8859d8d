import CoreFoundation
import Foundation
import Glibc
import Synchronization
import TandemPKI
import TandemServices

/// What a host says of itself. What cannot be read is nil.
struct MachineFigures: Sendable, Equatable {
    /// A file system that the stack keeps something on.
    struct Disk: Sendable, Equatable {
        /// What lies on it: `data`, or `host` for all else of the host's, and for its data where that has no disk of
        /// its own.
        var name: String
        var size: Double
        var available: Double
    }

    struct Certificate: Sendable, Equatable {
        /// The file's name without its ending.
        var name: String
        /// Seconds since 1970.
        var expiry: Double
    }

    var time: Double
    var load: Double?
    var processors: Double?
    var memoryTotal: Double?
    var memoryAvailable: Double?
    var disks: [Disk] = []
    var certificates: [Certificate] = []

    /// - Parameters:
    ///   - folders: by name. Of those on one file system the first stands for all.
    ///   - certificates: paths of PEM files; those that are not there are left out.
    static func read(
        folders: [(name: String, path: String)], certificates: [String], dates: CertificateDates = CertificateDates()
    ) -> MachineFigures {
        var figures = MachineFigures(time: Date().timeIntervalSince1970)
        var loads = [0.0]
        if getloadavg(&loads, 1) == 1 { figures.load = loads[0] }
        let processors = sysconf(Int32(_SC_NPROCESSORS_ONLN))
        if processors > 0 { figures.processors = Double(processors) }
        if let text = CertificateFiles.text("/proc/meminfo") {
            figures.memoryTotal = Machine.memory("MemTotal", in: text).map(Double.init)
            figures.memoryAvailable = Machine.memory("MemAvailable", in: text).map(Double.init)
        }
        figures.disks = disks(folders)
        figures.certificates = certificates.compactMap { path in
            guard let expiry = dates.expiry(of: path) else { return nil }
            let name = URL(fileURLWithPath: path).deletingPathExtension().lastPathComponent
            return Certificate(name: name, expiry: expiry.timeIntervalSince1970)
        }
        return figures
    }

    private static func disks(_ folders: [(name: String, path: String)]) -> [Disk] {
        var devices: Set<dev_t> = []
        return folders.compactMap { name, path in
            var file = stat()
            var status = statvfs()
            guard stat(path, &file) == 0, statvfs(path, &status) == 0, devices.insert(file.st_dev).inserted else {
                return nil
            }
            return Disk(
                name: name, size: Double(status.f_blocks) * Double(status.f_frsize),
                available: Double(status.f_bavail) * Double(status.f_frsize))
        }
    }
}

/// Until when the certificates in files are good. A file that says the same as before is not worked through again: each
/// monitor asks every few seconds, and certificates change once a year.
final class CertificateDates: Sendable {
    private let known = Mutex<[String: (text: String, expiry: Date?)]>([:])

    /// - Parameter path: of a PEM file, one of the few that a host has.
    func expiry(of path: String) -> Date? {
        guard let text = CertificateFiles.text(path) else { return nil }
        if let last = known.withLock({ $0[path] }), last.text == text { return last.expiry }
        let expiry = CertificateIdentity.expiry(ofPEM: text)
        known.withLock { $0[path] = (text, expiry) }
        return expiry
    }
}

import Foundation
import Glibc
import TandemPKI

/// What a host says of itself. What cannot be read is nil.
struct MachineFigures: Sendable, Equatable {
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
    var diskSize: Double?
    var diskAvailable: Double?
    var certificates: [Certificate] = []

    /// - Parameters:
    ///   - folder: lies where the stack's data does.
    ///   - certificates: paths of PEM files; those that are not there are left out.
    static func read(folder: String, certificates: [String]) -> MachineFigures {
        var figures = MachineFigures(time: Date().timeIntervalSince1970)
        var loads = [0.0]
        if getloadavg(&loads, 1) == 1 { figures.load = loads[0] }
        let processors = sysconf(Int32(_SC_NPROCESSORS_ONLN))
        if processors > 0 { figures.processors = Double(processors) }
        if let text = CertificateFiles.text("/proc/meminfo") {
            figures.memoryTotal = memory("MemTotal", in: text)
            figures.memoryAvailable = memory("MemAvailable", in: text)
        }
        var status = statvfs()
        if statvfs(folder, &status) == 0 {
            figures.diskSize = Double(status.f_blocks) * Double(status.f_frsize)
            figures.diskAvailable = Double(status.f_bavail) * Double(status.f_frsize)
        }
        figures.certificates = certificates.compactMap { path in
            guard let text = CertificateFiles.text(path), let expiry = CertificateIdentity.expiry(ofPEM: text) else {
                return nil
            }
            let name = URL(fileURLWithPath: path).deletingPathExtension().lastPathComponent
            return Certificate(name: name, expiry: expiry.timeIntervalSince1970)
        }
        return figures
    }

    /// A line of /proc/meminfo (proc_meminfo(5)), in bytes.
    static func memory(_ name: String, in text: String) -> Double? {
        guard let line = text.split(separator: "\n").first(where: { $0.hasPrefix("\(name):") }) else { return nil }
        let words = line.dropFirst(name.count + 1).split(separator: " ")
        guard words.count == 2, words[1] == "kB" else { return nil }
        return Double(words[0]).map { $0 * 1024 }
    }
}

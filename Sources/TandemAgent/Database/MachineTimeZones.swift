import Foundation
import TandemReplication

/// This machine's time zones.
enum MachineTimeZones {
    private static let folder = "/usr/share/zoneinfo"
    /// The same zones again: as they are, and with leap seconds.
    private static let repetitions = ["posix/", "right/"]
    /// Of a file. The largest there is has 4 KB.
    private static let mostBytes = 64 * 1024

    /// Empty where the machine has none, or none that reach far enough.
    static func read(folder: String = folder) -> TimeZoneTables {
        var names: [Data: [String]] = [:]
        let enumerator = FileManager.default.enumerator(atPath: folder)
        while let name = enumerator?.nextObject() as? String {
            guard !repetitions.contains(where: { name.hasPrefix($0) }), name.utf8.count <= 64,
                let data = try? contents("\(folder)/\(name)")
            else { continue }
            names[data, default: []].append(name)
        }
        let zones = names.compactMap { data, names in
            TimeZoneFile(data).map { (names: names.sorted(), file: $0) }
        }
        return TimeZoneTables(zones: zones.sorted { $0.names[0] < $1.names[0] })
    }

    private static func contents(_ path: String) throws -> Data? {
        guard let handle = FileHandle(forReadingAtPath: path) else { return nil }
        defer { try? handle.close() }
        let data = try handle.read(upToCount: mostBytes)
        return data?.starts(with: Array("TZif".utf8)) == true ? data : nil
    }
}

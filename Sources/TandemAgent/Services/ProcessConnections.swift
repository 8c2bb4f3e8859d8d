import TandemServices

/// TCP connections that processes have open to somewhere.
enum ProcessConnections {
    /// Whether a process has one that is open, or is being opened, to one of these places. A whole table is read for
    /// it, so this is for moments, not for every second.
    static func areAny(of pids: [Int32], to places: [(address: String, port: Int)]) -> Bool {
        let inodes = ["/proc/net/tcp", "/proc/net/tcp6"].flatMap { Self.inodes(in: ProcFile.whole($0), to: places) }
        guard !inodes.isEmpty else { return false }
        return pids.contains { !ListeningSockets.inodes(of: $0).isDisjoint(with: inodes) }
    }

    /// proc(5), fields 2 (remote address), 3 (state, 01 is ESTABLISHED and 02 SYN_SENT) and 9 (inode).
    static func inodes(in table: String, to places: [(address: String, port: Int)]) -> [UInt64] {
        table.split(separator: "\n").dropFirst().compactMap { line in
            let fields = line.split(separator: " ")
            guard fields.count > 9, fields[3] == "01" || fields[3] == "02" else { return nil }
            let remote = fields[2].split(separator: ":")
            guard remote.count == 2, let port = Int(remote[1], radix: 16), places.contains(where: { $0.port == port }),
                let address = ListeningSockets.address(remote[0]), places.contains(where: { $0 == (address, port) })
            else { return nil }
            return UInt64(fields[9])
        }
    }
}

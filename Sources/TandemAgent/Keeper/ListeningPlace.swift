import Glibc
import TandemServices

/// Where a process accepts TCP connections.
struct ListeningPlace: Equatable, CustomStringConvertible {
    var address: String
    var port: Int

    var isForAll: Bool { address == "0.0.0.0" || address == "::" }
    var description: String { address.contains(":") ? "[\(address)]:\(port)" : "\(address):\(port)" }
}

extension ListenerCheck {
    /// Where some processes listen, of those that may be seen.
    static func places(of pids: [Int32]) -> [ListeningPlace] {
        let inodes = pids.reduce(into: Set<String>()) { $0.formUnion(sockets(of: $1)) }
        if inodes.isEmpty { return [] }
        return ["/proc/net/tcp", "/proc/net/tcp6"].flatMap { table in
            ProcFile.whole(table).split(separator: "\n").dropFirst().compactMap { line -> ListeningPlace? in
                let fields = line.split(separator: " ")
                guard fields.count > 9, fields[3] == "0A", inodes.contains(String(fields[9])) else { return nil }
                let local = fields[1].split(separator: ":")
                guard local.count == 2, let port = Int(local[1], radix: 16), let address = address(local[0]) else {
                    return nil
                }
                return ListeningPlace(address: address, port: port)
            }
        }
    }

    /// As the kernel prints it: 32-bit words in the machine's byte order, one for IPv4 and four for IPv6.
    static func address(_ hex: some StringProtocol) -> String? {
        let digits = Array(String(hex))
        let words = stride(from: 0, to: digits.count, by: 8).compactMap {
            UInt32(String(digits[$0..<min($0 + 8, digits.count)]), radix: 16)
        }
        var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        let family = words.count == 1 ? AF_INET : AF_INET6
        guard words.count == 1 || words.count == 4, digits.count == words.count * 8,
            words.withUnsafeBytes({ inet_ntop(family, $0.baseAddress, &text, socklen_t(text.count)) }) != nil
        else { return nil }
        let shown = String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        return shown.hasPrefix("::ffff:") ? String(shown.dropFirst(7)) : shown
    }
}

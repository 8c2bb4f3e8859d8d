import Foundation

/// The nftables rules that cut connections, as text for `nft -f`.
///
/// All hosts of a stack on one machine call from 127.0.0.1, so an address does not say who calls. New connections are
/// told by the control group of the process that opens them, those that are there already by their ends. Packets are
/// marked where they are sent, and dropped where they arrive: the kernel tells a sender whose packet it drops at once,
/// which a cut cable does not.
struct CutRules: Equatable {
    /// A connection's two ends, of which one sends to the other.
    struct Way: Hashable {
        var from: TCPTable.End
        var to: TCPTable.End
    }

    var stack: String
    /// Of the processes that are cut off, below /sys/fs/cgroup.
    var groups: [String]
    /// The host's own address, where all of a host is cut off: what its processes say to each other passes.
    var own: String?
    /// The addresses that the processes reach no more.
    var others: [String]
    /// The other end is on another machine, where nothing is known of our marks: packets are dropped where they are
    /// sent.
    var isOtherMachine = false

    private static let mark = "0x7a4d0001"

    /// Its own: healing deletes all of it. A name of nftables has no hyphens, and a stack's no underscores.
    static func table(_ stack: String) -> String { "tandem_drill_\(stack.replacing("-", with: "_"))" }

    var text: String {
        let table = "inet \(Self.table(stack))"
        let syn = "tcp flags & (fin | syn | rst | ack) == syn"
        let lose = isOtherMachine ? "counter drop" : "meta mark set \(Self.mark)"
        var rules = ["ip saddr . tcp sport . ip daddr . tcp dport @crossing \(lose)"]
        for group in groups {
            let isOfGroup = "socket cgroupv2 level \(Self.level(group)) \"\(group)\""
            if let own { rules.append("ip daddr \(own) \(syn) \(isOfGroup) accept") }
            rules.append("ip daddr { \(others.joined(separator: ", ")) } \(syn) \(isOfGroup) \(lose)")
        }
        if let own { rules.append("ip daddr \(own) \(syn) \(lose)") }
        return """
            table \(table) {
                set crossing { type ipv4_addr . inet_service . ipv4_addr . inet_service; }
                chain cut {
                    type filter hook output priority -150; policy accept;
                    \(rules.joined(separator: "\n        "))
                }
                chain lose {
                    type filter hook input priority -150; policy accept;
                    meta mark \(Self.mark) counter drop
                }
            }

            """
    }

    /// Adds connections that are there already. nft takes no empty list.
    func adding(_ ways: Set<Way>) -> String? {
        guard !ways.isEmpty else { return nil }
        let elements = ways.map { "\($0.from.address) . \($0.from.port) . \($0.to.address) . \($0.to.port)" }.sorted()
        return "add element inet \(Self.table(stack)) crossing { \(elements.joined(separator: ", ")) }\n"
    }

    /// How many control groups are above it, in nftables' way of counting. Beside groups of the first version the
    /// second one's lie in `unified`, which is none itself.
    static func level(_ group: String) -> Int {
        let parts = group.split(separator: "/")
        return parts.first == "unified" ? parts.count - 1 : parts.count
    }

    /// The packets that `nft list table` says were dropped.
    static func dropped(_ listing: String) -> Int {
        let words = listing.split(whereSeparator: \.isWhitespace)
        return words.indices.reduce(0) { sum, place in
            guard words[place] == "packets", place > 0, words[place - 1] == "counter", place + 1 < words.count else {
                return sum
            }
            return sum + (Int(words[place + 1]) ?? 0)
        }
    }
}

/// The connections of /proc/net/tcp (proc(5)).
struct TCPTable: Equatable {
    struct End: Hashable {
        var address: String
        var port: Int
    }

    struct Connection: Equatable {
        var local: End
        var remote: End
        var inode: UInt64
    }

    var connections: [Connection] = []
    /// Ports on which a process of this machine listens. A connection whose local port is one of these was opened by
    /// its remote end.
    private var listening: Set<Int> = []

    /// Only those that are established or about to be; listening sockets have no other end.
    init(_ text: String) {
        for line in text.split(separator: "\n").dropFirst() {
            let fields = line.split(separator: " ")
            guard fields.count > 9, fields[3] != "06", let local = Self.end(fields[1]),
                let remote = Self.end(fields[2]), let inode = UInt64(fields[9])
            else { continue }
            guard fields[3] != "0A" else {
                listening.insert(local.port)
                continue
            }
            connections.append(Connection(local: local, remote: remote, inode: inode))
        }
    }

    /// The kernel prints an address as a number in the machine's byte order, which is that of amd64 and arm64.
    private static func end(_ field: Substring) -> End? {
        let parts = field.split(separator: ":")
        guard parts.count == 2, let number = UInt32(parts[0], radix: 16), let port = Int(parts[1], radix: 16) else {
            return nil
        }
        return End(address: (0..<4).map { "\(number >> ($0 * 8) & 0xff)" }.joined(separator: "."), port: port)
    }

    /// Both directions of each connection that has one end at the sockets of the processes, and the other one
    /// elsewhere.
    /// - Parameter sockets: inodes of what the processes have open.
    func crossing(_ sockets: Set<UInt64>) -> Set<CutRules.Way> {
        let own = connections.filter { sockets.contains($0.inode) }
        let ends = Set(own.map(\.local))
        return Self.bothWays(own.filter { !ends.contains($0.remote) })
    }

    /// The same of each connection that the processes have opened to one of these addresses, where others of them may
    /// be.
    func opened(by sockets: Set<UInt64>, to addresses: Set<String>) -> Set<CutRules.Way> {
        Self.bothWays(
            connections.filter {
                sockets.contains($0.inode) && addresses.contains($0.remote.address)
                    && !listening.contains($0.local.port)
            })
    }

    private static func bothWays(_ connections: [Connection]) -> Set<CutRules.Way> {
        Set(
            connections.flatMap {
                [CutRules.Way(from: $0.local, to: $0.remote), CutRules.Way(from: $0.remote, to: $0.local)]
            })
    }
}

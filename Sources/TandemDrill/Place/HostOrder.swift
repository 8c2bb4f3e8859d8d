public import TandemServices

/// What a drill asks of a host that is a machine of its own: a line of JSON for each order, and one for each answer,
/// which has the order's number. Several may be under way.
public struct HostOrder: Codable, Sendable {
    public enum Work: Codable, Sendable {
        /// Answered with the stack's authority.
        /// - Parameter breaks: the drill is about to break things: what an earlier one has left is undone first.
        case begin(breaks: Bool)
        /// The drill says that it is still there: see `mostSilence`.
        case ping
        case look
        case firing
        case restart(service: String, host: String)
        case restartApp
        case switchOver
        /// Of the host's own processes, those of the stack's accounts.
        case find(Int32)
        case signal(Int32, ProcessIdentity)
        case state(ProcessIdentity)
        /// SIGCONT to these when the time is up, also where this program is gone by then.
        case thawLater([ProcessIdentity], seconds: Int)
        case forgetThaw
        /// The host undoes it by itself when the time is up.
        case cut(HostCut, seconds: Int)
        case undoCut
        /// Has the agent stay down once it has ended.
        case keepDown(seconds: Int)
        case isDown
        case letUp
        /// Answered with the first process of the machine: another one after each boot.
        case boot
        /// Goes without a word, a moment after the answer. It loses these packets before that: a kernel that goes says
        /// so, and one without power does not.
        case reboot(HostCut)
    }

    /// Orders that take their time, or change nothing, and so need not wait for those before them.
    public var isBeside: Bool {
        switch work {
        case .look, .firing, .restart, .restartApp, .switchOver: true
        default: false
        }
    }

    /// Without an order for so long, a host takes the drill to be gone.
    public static let mostSilence = Duration.seconds(20)

    public var id: Int
    public var work: Work

    public init(id: Int, work: Work) {
        self.id = id
        self.work = work
    }
}

public struct HostAnswer: Codable, Sendable {
    public var id: Int
    /// Why it could not be done.
    public var failure: String?
    /// The stack's authority, as PEM.
    public var authority: String?
    public var isDown: Bool?
    public var look: StackLook?
    /// nil: nothing watches the stack.
    public var alerts: [FiredAlert]?
    /// nil: there is none under that number that leads a group.
    public var process: ProcessIdentity?
    public var state: ProcessState?
    /// How what was undone is known to have had an effect.
    public var proof: String?

    public init(id: Int) { self.id = id }
}

/// Which packets a host loses.
public enum HostCut: Codable, Sendable, Equatable {
    /// All that come in or go out, but those of SSH, to these ports, and those that stay on the host: the operator has
    /// no other way to it.
    /// - Parameter addresses: which the host may have for a while, and does not say so any more.
    case all(sshPorts: [Int], addresses: [String])
    /// Those that these processes send on connections that they have opened to other hosts of the stack.
    case opened([ProcessIdentity])
}

/// The rules by which a host loses everything, as text for `nft -f`.
public struct HostCutRules: Sendable {
    private let stack: String
    private let sshPorts: [Int]
    private let addresses: [String]

    public init(stack: String, sshPorts: [Int], addresses: [String]) {
        self.stack = stack
        self.sshPorts = sshPorts
        self.addresses = addresses
    }

    public static func table(_ stack: String) -> String { CutRules.table(stack) }

    /// The packets that `nft list table` says were dropped.
    public static func dropped(_ listing: String) -> Int { CutRules.dropped(listing) }

    public var text: String {
        let ports = sshPorts.map(String.init).joined(separator: ", ")
        // Who has SSH's address is asked over IPv6 itself (RFC 4861).
        let neighbours =
            "icmpv6 type { nd-router-solicit, nd-router-advert, nd-neighbor-solicit, nd-neighbor-advert } accept"
        let table = Self.table(stack)
        return """
            table inet \(table) {
                chain incoming {
                    type filter hook input priority -310; policy accept;
                    iif lo accept
                    tcp dport { \(ports) } accept
                    \(neighbours)
                    counter drop
                }
                chain outgoing {
                    type filter hook output priority -310; policy accept;
                    oif lo accept
                    tcp sport { \(ports) } accept
                    \(neighbours)
                    counter drop
                }
            }
            table arp \(table) {
                chain outgoing {
                    type filter hook output priority 0; policy accept;
                    \(addresses.map { "arp saddr ip \($0) drop" }.joined(separator: "\n        "))
                }
            }

            """
    }
}

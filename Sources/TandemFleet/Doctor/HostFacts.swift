/// What a host says of itself; nil or empty where it could not say. The judgement is somebody else's.
public struct HostFacts: Sendable, Equatable {
    public struct Disk: Sendable, Equatable {
        public var path: String
        public var freeBytes: Int
        public var isNoexec: Bool

        public init(path: String, freeBytes: Int, isNoexec: Bool) {
            self.path = path
            self.freeBytes = freeBytes
            self.isNoexec = isNoexec
        }
    }

    /// A TCP socket that accepts connections.
    public struct Listener: Sendable, Equatable {
        /// Without brackets; `*`, `0.0.0.0` and `::` are every address.
        public var address: String
        public var port: Int
        /// The program, where root was asked.
        public var program: String?

        public init(address: String, port: Int, program: String?) {
            self.address = address
            self.port = port
            self.program = program
        }
    }

    public enum Archive: Sendable, Equatable {
        case reachable
        /// In apt's words.
        case unreachable(String)
    }

    /// As `uname -m` says.
    public var architecture = ""
    public var kernel = ""
    /// `ID` and `VERSION_ID` of os-release(5), and its name for people.
    public var system = ""
    public var version = ""
    public var systemName = ""
    /// The program of process 1.
    public var initProgram = ""
    public var systemdVersion: Int?
    /// As `systemctl is-system-running` says.
    public var systemState = ""
    /// machine-id(5).
    public var machineID = ""
    /// Whether somebody keeps the clock right, as timedatectl(1) says.
    public var isClockSynchronised: Bool?
    /// How far the host's clock is ahead of this machine's, at least and at most.
    public var clockAheadSeconds: ClosedRange<Double>?
    public var availableMemoryBytes: Int?
    /// The hard limit of process 1, which systemd's units can have.
    public var openFilesLimit: Int?
    public var disks: [Disk] = []
    public var addresses: [String] = []
    /// nil: the host has no program that lists them.
    public var listeners: [Listener]?
    /// Units of services that run.
    public var units: [String] = []
    /// nftables' tables, such as `inet filter`; nil: the user may not list them.
    public var tables: [String]?
    public var archive: Archive?
    /// Such as 2.2.7; nil: the host has none.
    public var keepalivedVersion: String?
    /// Whether it has nftables' program.
    public var hasFirewallProgram = false

    public init() {}

    /// What `HostQuestions.script` prints: lines of `key=value`.
    /// - Returns: nil where its last line is missing, so that it was cut off.
    public init?(answer: String) {
        self.init()
        var isWhole = false
        for line in answer.split(separator: "\n") {
            let parts = line.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2 else { continue }
            let value = SSHWords.printable(parts[1])
            if parts[0] == "end" { isWhole = true }
            if !value.isEmpty { take(String(parts[0]), value) }
        }
        guard isWhole else { return nil }
    }

    private mutating func take(_ key: String, _ value: String) {
        switch key {
        case "architecture": architecture = value
        case "kernel": kernel = value
        case "system": system = value
        case "version": version = value
        case "name": systemName = value
        case "init": initProgram = value
        case "systemd": systemdVersion = Int(value)
        case "state": systemState = value
        case "machine": machineID = value
        case "synchronised": isClockSynchronised = value == "yes"
        case "memory": availableMemoryBytes = Int(value).map { $0 << 10 }
        case "files": openFilesLimit = value == "unlimited" ? Int.max : Int(value)
        case "disk": disks += Self.disk(value).map { [$0] } ?? []
        case "address": addresses.append(String(value.prefix { $0 != "/" }))
        case "listeners": listeners = listeners ?? []
        case "listener": listeners = (listeners ?? []) + (Self.listener(value).map { [$0] } ?? [])
        case "unit": units.append(value)
        case "tables": tables = tables ?? []
        case "table": tables = (tables ?? []) + [value]
        case "keepalived": keepalivedVersion = value
        case "nft": hasFirewallProgram = true
        case "archive": archive = value == "yes" ? .reachable : .unreachable(value)
        default: break
        }
    }

    /// `PATH KILOBYTES OPTIONS`.
    private static func disk(_ text: String) -> Disk? {
        let words = text.split(separator: " ").map(String.init)
        guard words.count >= 2, let kilobytes = Int(words[1]) else { return nil }
        let options = words.count > 2 ? words[2].split(separator: ",") : []
        return Disk(path: words[0], freeBytes: kilobytes << 10, isNoexec: options.contains("noexec"))
    }

    /// A line of `ss -Hltnp`: state, two queues, address:port, peer, and the program.
    private static func listener(_ text: String) -> Listener? {
        let words = text.split(separator: " ").map(String.init)
        guard words.count >= 4, let colon = words[3].lastIndex(of: ":"),
            let port = Int(words[3][words[3].index(after: colon)...])
        else { return nil }
        // With a device, as in 127.0.0.53%lo.
        let address = words[3][..<colon].prefix { $0 != "%" }.filter { $0 != "[" && $0 != "]" }
        let program = text.firstRange(of: "users:((\"").map { text[$0.upperBound...].prefix { $0 != "\"" } }
        return Listener(address: address, port: port, program: program.map(String.init))
    }
}

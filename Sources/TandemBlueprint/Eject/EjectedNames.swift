public import TandemStack

/// What a stack's things are called on hosts that run it without Tandem: in the places that Debian gives such things,
/// under names that clash with no package's.
public struct EjectedNames: Sendable {
    public var stack: String
    /// Put before every path, without a slash at its end; empty on a real host.
    public var root: String

    public init(stack: String, root: String = "") {
        self.stack = stack
        self.root = root
    }

    private var folder: String { "\(stack)-stack" }

    /// Linux gives a user's name 32 characters.
    private static let longestUser = 32

    /// The servers run as this user.
    public var engineUser: String { Self.user(stack, "-stack") }
    /// The app runs as this user.
    public var appUser: String { Self.user(stack, "-app") }

    private static func user(_ name: String, _ suffix: String) -> String {
        String(name.prefix(longestUser - suffix.count)) + suffix
    }

    public var configurationRoot: String { "\(root)/etc/\(folder)" }
    public var stateRoot: String { "\(root)/var/lib/\(folder)" }
    public var logRoot: String { "\(root)/var/log/\(folder)" }
    public var runtimeRoot: String { "\(root)/run/\(folder)" }
    /// Where the app's files are expected on hosts of their own.
    public var appFolder: String { "\(root)/srv/\(stack)" }
    public var unitFolder: String { "\(root)/etc/systemd/system" }

    public func unit(_ host: Host, _ service: ServiceBlueprint) -> String {
        "\(stack)-\(host.name)-\(service.statusName).service"
    }

    /// Starts a scheduled job.
    public func timer(_ host: Host, _ job: ServiceBlueprint) -> String {
        "\(stack)-\(host.name)-\(job.statusName).timer"
    }

    /// It is started by hand, before a new version of the app is.
    public func preparationUnit(_ host: Host) -> String { "\(stack)-\(host.name)-app-prepare.service" }

    /// Belongs to root: systemd reads it before it changes users.
    public func environmentFile(_ host: Host, _ service: ServiceBlueprint) -> String {
        "\(configurationRoot)/\(host.name).\(service.statusName).env"
    }

    /// Belongs to root, who loads it.
    public func firewallFile(_ host: Host) -> String { "\(configurationRoot)/\(host.name).nft" }

    /// Belongs to root, and so does what is in it.
    public func rootFolder(_ host: Host) -> String { "\(configurationRoot)/\(host.name).root" }

    public func firewallUnit(_ host: Host) -> String { "\(stack)-\(host.name)-firewall.service" }

    public func layout(_ host: Host, programs: Layout.Programs) -> Layout {
        let configuration = "\(configurationRoot)/\(host.name)"
        let state = "\(stateRoot)/\(host.name)"
        return Layout(
            hostFolder: state, socketFolder: "\(runtimeRoot)/\(Self.short(host.name))", programs: programs, front: nil,
            places: .init(
                configuration: configuration, tls: "\(configuration)/tls", data: "\(state)/data",
                log: "\(logRoot)/\(host.name)", temporary: "\(state)/tmp", published: "\(configuration)/public",
                ofRoot: rootFolder(host)))
    }

    /// The longest path of a socket that HAProxy takes, with what it appends while it starts.
    public static let longestSocketPath = 97
    private static let socketSuffix = "/haproxy.sock.4194304.tmp"

    /// Whether every socket of a host has a path that programs take.
    public func hasShortSockets(_ host: Host) -> Bool {
        "\(runtimeRoot)/\(Self.short(host.name))\(Self.socketSuffix)".utf8.count <= Self.longestSocketPath
    }

    /// A host's name may have 63 characters; a socket's path may not.
    private static func short(_ host: String) -> String {
        host.count <= 20 ? host : "\(host.prefix(11))-\(StableHash.hex32(host))"
    }
}

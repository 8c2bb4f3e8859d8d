import TandemStack

/// Where things of one stack lie on a host that is a machine of its own.
public struct HostPlaces: Sendable, Equatable {
    public var stack: String

    public init(stack: String) { self.stack = stack }

    /// The folder of the program's versions, each named by its content.
    public static let programFolder = "/usr/lib/tandem"
    /// The version that runs. A link.
    public static let program = "/usr/lib/tandem/tandem"
    /// What operators leave for the next one, for root's eyes alone; a folder for each stack.
    public static let operatorParent = "/var/lib/tandem/operator"

    /// What a stack is: its file, its settings, its authorities and all of its secrets.
    public var operatorFolder: String { "\(Self.operatorParent)/\(stack)" }
    /// What the host's own agent and services have. The home of the account that they run as.
    public var stateFolder: String { "/var/lib/tandem/stacks/\(stack)" }
    /// Versions of the app, each named by its content. Not below what holds keys: some of their files are shown to everybody.
    public var releases: String { "\(Self.releaseParent)/\(stack)" }
    public static let releaseParent = "/srv/tandem"
    /// Of the host's agent.
    public var unit: String { "tandem-\(stack).service" }
    public var unitFile: String { "\(Self.unitFolder)/\(unit)" }
    // No stack's name has a dot, so none of these is another stack's.
    public var firewallUnit: String { "tandem-\(stack).firewall.service" }
    public var keepalivedUnit: String { "tandem-\(stack).keepalived.service" }
    public static let unitFolder = "/etc/systemd/system"
    /// What root reads of this stack, and nobody else may write to.
    public var rootFolder: String { "/etc/tandem/\(stack)" }
    /// Below /run. Short, because of what is made below it: HAProxy takes socket paths of up to 97 characters.
    public var runtimeName: String { "tandem-\(StableHash.hex64(stack).prefix(8))" }
    public var runtimeFolder: String { "/run/\(runtimeName)" }

    public func release(_ identifier: String) -> String { "\(releases)/\(identifier)" }
}

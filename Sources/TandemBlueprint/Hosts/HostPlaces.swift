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
    /// Versions of the app, each named by its content. Not below what holds keys: some of their files are shown to
    /// everybody.
    public var releases: String { "\(Self.releaseParent)/\(stack)" }
    public static let releaseParent = "/srv/tandem"
    /// The home of the app's own account, which alone may write there.
    public var appHome: String { "\(Self.appHomeParent)/\(stack)" }
    public static let appHomeParent = "/var/lib/tandem/apps"
    /// What the agent shows to everybody on the host: the authority by which the app knows MySQL.
    public var published: String { "\(Self.publishedParent)/\(stack)" }
    public static let publishedParent = "/var/lib/tandem/public"
    /// Of the host's agent.
    public var unit: String { "tandem-\(stack).service" }
    public var unitFile: String { "\(Self.unitFolder)/\(unit)" }
    // No stack's name has a dot, so none of these is another stack's.
    public var firewallUnit: String { "tandem-\(stack).firewall.service" }
    public var keepalivedUnit: String { "tandem-\(stack).keepalived.service" }
    /// Starts and ends the app's processes, as the app's account.
    public var launcherUnit: String { "tandem-\(stack).app.service" }
    public var launcherSocketUnit: String { "tandem-\(stack).app.socket" }
    public var launcherSocket: String { "/run/\(runtimeName).app" }
    public static let unitFolder = "/etc/systemd/system"
    /// What root reads of this stack, and nobody else may write to.
    public var rootFolder: String { "/etc/tandem/\(stack)" }
    /// Below /run. Short, because of what is made below it: HAProxy takes socket paths of up to 97 characters.
    public var runtimeName: String { "tandem-\(StableHash.hex64(stack).prefix(8))" }
    public var runtimeFolder: String { "/run/\(runtimeName)" }

    /// The account of the host's agent and of the servers.
    public var account: String { Self.accountName("tandem-\(stack)", of: stack) }
    /// The account of the app, its workers and its jobs. No stack's name has an underscore, so that it is no other
    /// stack's.
    public var appAccount: String { Self.accountName("tandem-\(stack)_app", of: "\(stack)_app") }

    /// At most 32 characters, as useradd(8) wants it. Names that were cut have all 32, so that no other stack's whole
    /// name is like one; the account's home says to which stack it belongs besides.
    private static func accountName(_ whole: String, of owner: String) -> String {
        guard whole.utf8.count >= 32 else { return whole }
        return "\(whole.prefix(23))-\(StableHash.hex64(owner).prefix(8))"
    }

    public func release(_ identifier: String) -> String { "\(releases)/\(identifier)" }
}

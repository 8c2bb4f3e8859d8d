import CoreFoundation
import Foundation
import Glibc
public import TandemBlueprint
import TandemStack

/// Where one stack's state lies on this machine.
///
/// `.tandem/NAME` beside the stack file; of a stack file of root's `/var/lib/tandem/stacks/NAME`, the home of the
/// system user that the stack runs as.
public struct StackFolder: Sendable, Equatable {
    public let path: String
    /// For unix sockets: short, whatever the folder's own path is.
    public let socketRoot: String

    public init(stack: String, stackFileFolder: String, environment: [String: String]) {
        // Set where root has given itself up. It is one stack's.
        let given = environment["TANDEM_STATE"].flatMap { $0.hasSuffix("/\(stack)") ? $0 : nil }
        path = given ?? "\(stackFileFolder)/.tandem/\(stack)"
        socketRoot = Self.socketRoot(for: path, environment: environment)
    }

    /// A folder that is there already.
    public init(path: String, environment: [String: String]) {
        self.path = path
        socketRoot = Self.socketRoot(for: path, environment: environment)
    }

    /// Socket paths end up as ROOT/tandem-UID-HASH/HOST/haproxy.sock.PID.tmp, within HAProxy's 97 characters.
    /// - Parameter login: what systemd has made for a login of ours, and deletes at the end of the last one
    ///   (pam_systemd(8)), though the stack goes on.
    static func socketRoot(
        for path: String, environment: [String: String], login: String = "/run/user/\(geteuid())"
    ) -> String {
        let name = "tandem-\(StableHash.hex64(path).prefix(8))"
        // Nothing runs from what operators leave on a host: what follows from it is to be the same each time.
        if path.hasPrefix("\(HostPlaces.operatorParent)/") { return "/run/\(name)" }
        if let runtime = environment["XDG_RUNTIME_DIR"], !isLogins(runtime, login), runtime.hasPrefix("/"),
            runtime.count <= 24, access(runtime, W_OK) == 0
        {
            return "\(runtime)/\(name)"
        }
        let lasting = "/tmp/tandem-\(geteuid())-\(name.dropFirst("tandem-".count))"
        guard Folders.isOwn(login) else { return lasting }
        // Somebody else has put a thing of this name there, which only root could take away.
        if Folders.isOthers(lasting) { return "\(login)/\(name)" }
        // What an earlier version has started goes on there.
        let keeper = try? JSONText.decode(KeeperState.self, fromFile: "\(path)/keeper.json")
        return keeper?.isAlive == true && Folders.isOwn("\(login)/\(name)") ? "\(login)/\(name)" : lasting
    }

    /// However it is written.
    private static func isLogins(_ path: String, _ login: String) -> Bool {
        URL(fileURLWithPath: path).resolvingSymlinksInPath().path
            == URL(fileURLWithPath: login).resolvingSymlinksInPath().path
    }

    /// The stack as it was last applied.
    public var appliedFile: String { "\(path)/stack.json" }
    public var secretsFile: String { "\(path)/secrets.json" }
    /// Held by the keeper for as long as it runs.
    public var keeperLock: String { "\(path)/keeper.lock" }
    /// Held while the command line changes what is on disk.
    public var changeLock: String { "\(path)/change.lock" }
    public var keeperFile: String { "\(path)/keeper.json" }
    public var keeperLog: String { "\(path)/keeper.log" }
    public var pkiFolder: String { "\(path)/pki" }
    public var caFile: String { "\(pkiFolder)/ca.pem" }
    /// The same authority for browsers and this machine to trust.
    public var anchorFile: String { "\(pkiFolder)/trust.pem" }
    public var caKeyFile: String { "\(pkiFolder)/ca-key.pem" }
    /// The authority of agents and of the command line.
    public var agentsCAFile: String { "\(pkiFolder)/agents-ca.pem" }
    public var agentsCAKeyFile: String { "\(pkiFolder)/agents-ca-key.pem" }
    /// The authority of etcd and of its clients.
    public var storeCAFile: String { "\(pkiFolder)/store-ca.pem" }
    public var storeCAKeyFile: String { "\(pkiFolder)/store-ca-key.pem" }
    /// The command line's own certificate, to call the agents.
    public var clientCertificateFile: String { "\(pkiFolder)/client.pem" }
    public var clientKeyFile: String { "\(pkiFolder)/client-key.pem" }
    public var hostsFolder: String { "\(path)/hosts" }

    public func host(_ name: String) -> String { "\(hostsFolder)/\(name)" }
    /// What the agent remembers of its processes. Whoever could change it could have
    /// us end any process of this user.
    public func records(_ host: String) -> String { "\(path)/run/\(host)" }
    // The agent's own certificate, and the authority as it knows it. Not with the services' certificates, which they
    // may read and replace.
    func agentCertificateFile(_ host: String) -> String { "\(records(host))/agent.pem" }
    func agentKeyFile(_ host: String) -> String { "\(records(host))/agent-key.pem" }
    func agentCAFile(_ host: String) -> String { "\(records(host))/ca.pem" }
    // What the agent shows etcd, and the authority by which it knows etcd.
    func storeCertificateFile(_ host: String) -> String { "\(records(host))/store.pem" }
    func storeKeyFile(_ host: String) -> String { "\(records(host))/store-key.pem" }
    func storeCAFile(_ host: String) -> String { "\(records(host))/store-ca.pem" }

    public func logs(_ host: String) -> String { "\(self.host(host))/log" }

    public func sockets(_ host: String) -> String {
        // A host name may have 63 characters; a socket path may not.
        let short = host.count <= 20 ? host : "\(host.prefix(11))-\(StableHash.hex64(host).prefix(8))"
        return "\(socketRoot)/\(short)"
    }

    public func layout(host: String, applied: AppliedStack) -> Layout {
        var layout = ownLayout(host: host, applied: applied)
        if applied.hasAppAccount == true { layout.places.published = HostPlaces(stack: applied.stack.name).published }
        return layout
    }

    /// With everything in this folder, also what the agent copies from here to where the app's account may read it.
    func ownLayout(host: String, applied: AppliedStack) -> Layout {
        Layout(
            hostFolder: self.host(host), socketFolder: sockets(host), programs: applied.programs, front: applied.front,
            keepsFrontSockets: applied.front == nil)
    }

    /// Refuses what belongs to another stack file that happens to use the same name.
    public func checkOrigin(stack: String, stackFile: String) throws {
        guard let last = try? JSONText.decode(AppliedStack.self, fromFile: appliedFile),
            last.stackFile != stackFile, FileManager.default.fileExists(atPath: last.stackFile)
        else { return }
        throw StateError(
            "the stack '\(stack)' on this machine belongs to \(last.stackFile).\n"
                + "Give this one another name, or remove that one first: tandem destroy --file '\(last.stackFile)'")
    }

    /// Hosts that have data of etcd here, whether they are in the stack or not.
    public var hostsWithStore: [String] {
        hostNames.filter { FileManager.default.fileExists(atPath: "\(host($0))/data/etcd/member") }.sorted()
    }

    /// Whether any database data is here.
    public var hasData: Bool { hostNames.contains(where: hasData) }

    /// Hosts that have a folder here, in no order.
    private var hostNames: [String] { (try? FileManager.default.contentsOfDirectory(atPath: hostsFolder)) ?? [] }

    /// Whether a host has database data here.
    func hasData(_ host: String) -> Bool {
        FileManager.default.fileExists(atPath: "\(self.host(host))/data/mysql")
    }
}

import Foundation
import Glibc
public import TandemBlueprint
import TandemStack

/// Where one stack's state lies on this machine.
///
/// As root `/var/lib/tandem/stacks/NAME`, for the engines run as a system user who could not enter somebody's home;
/// as an ordinary user `.tandem/NAME` beside the stack file.
public struct StackFolder: Sendable, Equatable {
    public let path: String
    /// For unix sockets: short, whatever the folder's own path is.
    public let socketRoot: String

    public init(stack: String, stackFileFolder: String, environment: [String: String]) {
        path = geteuid() == 0 ? "/var/lib/tandem/stacks/\(stack)" : "\(stackFileFolder)/.tandem/\(stack)"
        socketRoot = Self.socketRoot(for: path, environment: environment)
    }

    /// A folder that is there already.
    public init(path: String, environment: [String: String]) {
        self.path = path
        socketRoot = Self.socketRoot(for: path, environment: environment)
    }

    /// Socket paths end up as ROOT/tandem-UID-HASH/HOST/haproxy.sock.PID.tmp, within HAProxy's 97 characters.
    private static func socketRoot(for path: String, environment: [String: String]) -> String {
        let hash = StableHash.hex64(path).prefix(8)
        if geteuid() != 0, let runtime = environment["XDG_RUNTIME_DIR"], runtime.hasPrefix("/"), runtime.count <= 24,
            access(runtime, W_OK) == 0
        {
            return "\(runtime)/tandem-\(hash)"
        }
        return "/tmp/tandem-\(geteuid())-\(hash)"
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
    /// The command line's own certificate, to call the agents.
    public var clientCertificateFile: String { "\(pkiFolder)/client.pem" }
    public var clientKeyFile: String { "\(pkiFolder)/client-key.pem" }
    public var hostsFolder: String { "\(path)/hosts" }

    public func host(_ name: String) -> String { "\(hostsFolder)/\(name)" }
    /// What the agent remembers of its processes. As root it is root's alone: whoever could change it could have
    /// us end any process.
    public func records(_ host: String) -> String { "\(path)/run/\(host)" }
    // The agent's own certificate, and the authority as it knows it. Not with the services' certificates, which they may
    // read and replace.
    func agentCertificateFile(_ host: String) -> String { "\(records(host))/agent.pem" }
    func agentKeyFile(_ host: String) -> String { "\(records(host))/agent-key.pem" }
    func agentCAFile(_ host: String) -> String { "\(records(host))/ca.pem" }

    public func logs(_ host: String) -> String { "\(self.host(host))/log" }

    public func sockets(_ host: String) -> String {
        // A host name may have 63 characters; a socket path may not.
        let short = host.count <= 20 ? host : "\(host.prefix(11))-\(StableHash.hex64(host).prefix(8))"
        return "\(socketRoot)/\(short)"
    }

    public func layout(host: String, applied: AppliedStack) -> Layout {
        Layout(
            hostFolder: self.host(host), socketFolder: sockets(host), programs: applied.programs, front: applied.front)
    }

    /// Whether any database data is here.
    public var hasData: Bool {
        let hosts = (try? FileManager.default.contentsOfDirectory(atPath: hostsFolder)) ?? []
        return hosts.contains(where: hasData)
    }

    /// Whether a host has database data here.
    func hasData(_ host: String) -> Bool {
        FileManager.default.fileExists(atPath: "\(self.host(host))/data/mysql")
    }
}

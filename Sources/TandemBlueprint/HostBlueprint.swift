public import TandemStack

/// What one host should have. A pure function of the stack and of where things lie on the host: same stack,
/// same bytes.
public struct HostBlueprint: Codable, Sendable, Equatable {
    public var host: Host
    /// Folders (absolute paths, parents first) that must exist before anything is checked or started: mode 0700,
    /// owned by the account of the engines.
    public var folders: [String]
    /// Generated configuration, in the order in which it is written.
    public var files: [FileBlueprint]
    /// In start order; stopped in the opposite order.
    public var services: [ServiceBlueprint]
    /// What prepares a new version of the app, on the host that does so for all: run once, to its end. Its health path
    /// and its stop say nothing.
    public var preparation: ServiceBlueprint?
    /// What this host may run at given times; which app host does is decided each time.
    public var jobs: [JobBlueprint]
    /// What moves the front's addresses. It is root's, and systemd's to run, so it is none of the services: no agent
    /// may do what it does. nil where no address moves.
    public var keepalived: ServiceBlueprint?
    /// What this host runs when its Alertmanager tells people; nil where nothing is to be run.
    public var alertCommand: ServiceBlueprint?

    public init(
        host: Host, folders: [String], files: [FileBlueprint], services: [ServiceBlueprint],
        preparation: ServiceBlueprint? = nil, jobs: [JobBlueprint] = [], keepalived: ServiceBlueprint? = nil,
        alertCommand: ServiceBlueprint? = nil
    ) {
        self.host = host
        self.folders = folders
        self.files = files
        self.services = services
        self.preparation = preparation
        self.jobs = jobs
        self.keepalived = keepalived
        self.alertCommand = alertCommand
    }

    public func runs(_ service: ServiceName) -> Bool { services.contains { $0.name == service } }
}

/// One generated file.
public struct FileBlueprint: Codable, Sendable, Equatable {
    /// Absolute.
    public var path: String
    public var contents: String
    /// Permission bits, such as 0o600.
    public var mode: UInt16

    public init(path: String, contents: String, mode: UInt16 = 0o600) {
        self.path = path
        self.contents = contents
        self.mode = mode
    }
}

/// The name of a service as users see it, in the order in which a request passes them; those that watch come last. What
/// is known of each: `ServiceDescription`.
public enum ServiceName: String, Codable, Sendable, CaseIterable {
    case haproxy
    case nginx
    case app
    /// Each of the app's workers; they have names of their own (`ServiceBlueprint.label`).
    case worker = "workers"
    /// Each of the app's scheduled jobs, which have names of their own too.
    case job = "jobs"
    case router
    case mysql
    case etcd
    /// Moves the front's addresses between balancers that are machines of their own.
    case keepalived
    case alertmanager
    case prometheus

    /// Whether it is written in Go, whose runtime looks after its threads and timers by itself.
    public var isGoProgram: Bool { [.etcd, .alertmanager, .prometheus].contains(self) }

    /// In which order an agent's services stop: those that watch come first, so that they tell nobody of a stack that
    /// is stopped on purpose; then from what serves users to what holds the data, and etcd last, where the others say
    /// what they did. keepalived is systemd's to stop.
    public static let inStopOrder: [ServiceName] = [
        .prometheus, .alertmanager, .job, .haproxy, .nginx, .app, .worker, .router, .mysql, .etcd,
    ]
}

/// One supervised process.
public struct ServiceBlueprint: Codable, Sendable, Equatable {
    /// Whose rights a process runs with, when the agent is root.
    public enum Account: String, Codable, Sendable {
        /// The system user `tandem`.
        case engine
        /// The owner of the stack file.
        case application
        /// root: for what nobody else may do, on hosts that are machines of their own.
        case root
    }

    /// What shows that the service can serve.
    public enum Readiness: Codable, Sendable, Equatable {
        /// Something accepts connections.
        case tcp(address: String, port: Int)
        /// GET with these headers answers 200.
        case http(address: String, port: Int, path: String, headers: [String: String] = [:])
        /// The agent's `FailoverService` reports the server as ready.
        case database
        /// etcd reads through a majority of its members, and is one of those that vote.
        case store(address: String, port: Int, name: String)
        /// Its process runs: what it does is not seen by asking it.
        case running
    }

    public struct Listener: Codable, Sendable, Equatable {
        /// Who is meant to reach it. Firewalls are made of this.
        public enum Reach: String, Codable, Sendable {
            case users
            /// The hosts of the stack.
            case stack
            /// Processes of the same host alone.
            case host
        }

        public var address: String
        public var port: Int
        public var reach: Reach

        public init(address: String, port: Int, reach: Reach) {
            self.address = address
            self.port = port
            self.reach = reach
        }
    }

    /// What `stop` sends first. After `boundSeconds` everything left of the process group gets SIGKILL.
    public struct Stop: Codable, Sendable, Equatable {
        /// Signal number.
        public var signal: Int32
        public var boundSeconds: Int

        public init(signal: Int32, boundSeconds: Int) {
            self.signal = signal
            self.boundSeconds = boundSeconds
        }
    }

    public var name: ServiceName
    /// 1 and up; more than 1 only for the app.
    public var instance: Int
    /// A worker's or a job's name; nil for all else.
    public var label: String?
    /// Program (absolute path) and arguments.
    public var command: [String]
    /// Run before a start and before a reload; anything but exit 0 means that the files are refused. Needs what the
    /// service itself needs: the same account, and its `sockets`.
    public var check: [String]?
    /// The whole environment beside PATH, HOME, LANG and the like, which the agent adds.
    public var environment: [String: EnvironmentValue]
    public var workingDirectory: String
    public var account: Account
    public var readiness: Readiness
    public var startTimeoutSeconds: Int
    public var stop: Stop
    /// Signal number that makes the program take up new files without losing a connection; nil: restart.
    public var reloadSignal: Int32?
    public var listeners: [Listener]
    /// The listening sockets that it is handed.
    public var sockets: [FrontSocket]
    /// Services on this host that must be ready before this one starts.
    public var after: [ServiceName]
    /// Whether the start waits until the stack's database takes writes.
    public var needsDatabase: Bool
    /// `one`: of the hosts that have this service in their blueprints, one at a time runs it. nil: each of them.
    public var placement: Worker.Placement?

    public init(
        name: ServiceName, instance: Int = 1, label: String? = nil, command: [String], check: [String]? = nil,
        environment: [String: EnvironmentValue] = [:], workingDirectory: String, account: Account = .engine,
        readiness: Readiness, startTimeoutSeconds: Int, stop: Stop, reloadSignal: Int32? = nil,
        listeners: [Listener], sockets: [FrontSocket] = [], after: [ServiceName] = [],
        needsDatabase: Bool = false, placement: Worker.Placement? = nil
    ) {
        self.name = name
        self.instance = instance
        self.label = label
        self.command = command
        self.check = check
        self.environment = environment
        self.workingDirectory = workingDirectory
        self.account = account
        self.readiness = readiness
        self.startTimeoutSeconds = startTimeoutSeconds
        self.stop = stop
        self.reloadSignal = reloadSignal
        self.listeners = listeners
        self.sockets = sockets
        self.after = after
        self.needsDatabase = needsDatabase
        self.placement = placement
    }
}

/// A value in a service's environment. Secrets stay out of the blueprint: it names them, and the agent fills
/// them in when it starts the process.
public struct EnvironmentValue: Codable, Sendable, Equatable, ExpressibleByStringLiteral {
    public enum Part: Codable, Sendable, Equatable {
        case text(String)
        /// A secret by its name in the stack's secrets, such as `database.app`.
        case secret(String)
    }

    public var parts: [Part]

    public init(_ parts: [Part]) { self.parts = parts }
    public init(_ text: String) { self.parts = [.text(text)] }
    public init(stringLiteral value: String) { self.init(value) }
}

/// The `balancer` section: HAProxy in front.
public struct Balancer: Codable, Sendable, Equatable {
    /// How requests are spread over the web servers; HAProxy's `balance`.
    public enum Algorithm: String, Codable, Sendable, CaseIterable {
        case roundrobin
        case leastconn
        case source
    }

    public var algorithm: Algorithm
    /// The port that redirects to HTTPS.
    public var httpPort: Port
    public var httpsPort: Port
    /// Client connections that one balancer holds at most; more wait in the kernel's queue.
    public var maxConnections: Int

    public init(algorithm: Algorithm, httpPort: Port, httpsPort: Port, maxConnections: Int) {
        self.algorithm = algorithm
        self.httpPort = httpPort
        self.httpsPort = httpsPort
        self.maxConnections = maxConnections
    }
}

/// A TCP port, and whether the stack file fixes it. One that is not fixed may be replaced by a free one.
public struct Port: Codable, Sendable, Equatable {
    /// 1 to 65535.
    public var number: Int
    public var isFixed: Bool

    public init(_ number: Int, isFixed: Bool) {
        self.number = number
        self.isFixed = isFixed
    }
}

/// The `web` section: nginx.
public struct Web: Codable, Sendable, Equatable {
    /// The folder whose files are served at the top, as an absolute path, or nil where there is none.
    public var staticFolder: String?
    /// Further folders (absolute paths) by the beginning of the path, such as `/media/`, under which their files are
    /// served; nil where there are none.
    public var staticPrefixes: [String: String]?
    /// The largest request body, in bytes.
    public var bodyLimitBytes: Int

    /// All folders of `web: static`.
    public var publicFolders: [String] {
        [staticFolder].compactMap(\.self) + (staticPrefixes ?? [:]).sorted { $0.key < $1.key }.map(\.value)
    }

    public init(staticFolder: String?, staticPrefixes: [String: String]? = nil, bodyLimitBytes: Int) {
        self.staticFolder = staticFolder
        self.staticPrefixes = staticPrefixes
        self.bodyLimitBytes = bodyLimitBytes
    }
}

/// The `app` section: the user's application.
public struct App: Codable, Sendable, Equatable {
    /// Where a secret's value comes from.
    public enum SecretSource: Codable, Sendable, Equatable {
        /// The variable of this name in the environment of `tandem up`.
        case environment(String)
        /// The content of this file (absolute path) without the line break at its end.
        case file(String)
        /// What this command line, given to `/bin/sh -c` in the stack file's folder, prints.
        case command(String)
    }

    /// What tells an app to finish what is in flight and to end.
    public enum StopSignal: String, Codable, Sendable, CaseIterable {
        case term = "TERM"
        case quit = "QUIT"
        case int = "INT"
        case hup = "HUP"
        case usr1 = "USR1"
        case usr2 = "USR2"
        case winch = "WINCH"

        /// The same on every Linux that Tandem runs on.
        public var number: Int32 {
            switch self {
            case .hup: 1
            case .int: 2
            case .quit: 3
            case .usr1: 10
            case .usr2: 12
            case .term: 15
            case .winch: 28
            }
        }
    }

    /// The command line, given to `/bin/sh -c`; its working directory is the stack file's folder.
    public var run: String
    /// The command line that prepares a new version, such as a migration: run once, on one host, before an instance of
    /// it starts.
    public var prepare: String?
    /// The working directory: the folder of the stack file, an absolute path.
    public var workingDirectory: String
    /// The path that answers 200 when the app can serve; begins with `/`.
    public var health: String
    public var environment: [String: String]
    /// By the name of the environment variable that the app sees.
    public var secrets: [String: SecretSource]
    /// Processes on each app host, at least 1.
    public var instances: Int
    /// How long the app may take until its health path answers 200.
    public var startTimeoutSeconds: Int
    /// How long a request may take.
    public var requestTimeoutSeconds: Int
    /// How long the app may take to finish what is in flight after `stopSignal`; then SIGKILL.
    public var stopTimeoutSeconds: Int
    public var stopSignal: StopSignal
    /// How long `prepare` may take.
    public var prepareTimeoutSeconds: Int
    /// Processes beside the one that `run` starts, in the order of the file.
    public var workers: [Worker]
    /// What it does at given times, in the order of the file.
    public var jobs: [Job]
    /// What of its folder makes up a version of it, where hosts are machines of their own; nil: what git tracks or does
    /// not ignore.
    public var files: [FilePattern]?
    /// The command line that builds a version of it, in its folder on the machine of whoever runs `tandem up`.
    public var build: String?
    /// How long `build` may take.
    public var buildTimeoutSeconds: Int

    public init(
        run: String, workingDirectory: String, health: String, environment: [String: String],
        secrets: [String: SecretSource], instances: Int, startTimeoutSeconds: Int,
        requestTimeoutSeconds: Int, stopTimeoutSeconds: Int, stopSignal: StopSignal = .term, prepare: String? = nil,
        prepareTimeoutSeconds: Int = 600, workers: [Worker] = [], jobs: [Job] = [],
        files: [FilePattern]? = nil, build: String? = nil, buildTimeoutSeconds: Int = 3600
    ) {
        self.run = run
        self.workingDirectory = workingDirectory
        self.health = health
        self.environment = environment
        self.secrets = secrets
        self.instances = instances
        self.startTimeoutSeconds = startTimeoutSeconds
        self.requestTimeoutSeconds = requestTimeoutSeconds
        self.stopTimeoutSeconds = stopTimeoutSeconds
        self.stopSignal = stopSignal
        self.prepare = prepare
        self.prepareTimeoutSeconds = prepareTimeoutSeconds
        self.workers = workers
        self.jobs = jobs
        self.files = files
        self.build = build
        self.buildTimeoutSeconds = buildTimeoutSeconds
    }

    /// A stack may have been applied by a version of Tandem that did not know all of it yet.
    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        run = try values.decode(String.self, forKey: .run)
        workingDirectory = try values.decode(String.self, forKey: .workingDirectory)
        health = try values.decode(String.self, forKey: .health)
        environment = try values.decode([String: String].self, forKey: .environment)
        secrets = try values.decode([String: SecretSource].self, forKey: .secrets)
        instances = try values.decode(Int.self, forKey: .instances)
        startTimeoutSeconds = try values.decode(Int.self, forKey: .startTimeoutSeconds)
        requestTimeoutSeconds = try values.decode(Int.self, forKey: .requestTimeoutSeconds)
        stopTimeoutSeconds = try values.decode(Int.self, forKey: .stopTimeoutSeconds)
        stopSignal = try values.decodeIfPresent(StopSignal.self, forKey: .stopSignal) ?? .term
        prepare = try values.decodeIfPresent(String.self, forKey: .prepare)
        prepareTimeoutSeconds = try values.decodeIfPresent(Int.self, forKey: .prepareTimeoutSeconds) ?? 600
        workers = try values.decodeIfPresent([Worker].self, forKey: .workers) ?? []
        jobs = try values.decodeIfPresent([Job].self, forKey: .jobs) ?? []
        files = try values.decodeIfPresent([FilePattern].self, forKey: .files)
        build = try values.decodeIfPresent(String.self, forKey: .build)
        buildTimeoutSeconds = try values.decodeIfPresent(Int.self, forKey: .buildTimeoutSeconds) ?? 3600
    }

    /// The longest that a process of the app may take to end.
    public var longestStopSeconds: Int {
        ([stopTimeoutSeconds] + workers.map(\.stopTimeoutSeconds) + jobs.map(\.stopTimeoutSeconds)).max() ?? 0
    }
}

/// The `database` section: MySQL.
public struct Database: Codable, Sendable, Equatable {
    /// The form of the app's two URLs: a client that reads one takes no other's.
    public enum URLForm: String, Codable, Sendable, CaseIterable {
        /// MySQL's own URIs.
        case mysql
        // SQLAlchemy's names for its drivers.
        case sqlAlchemyPyMySQL = "mysql+pymysql"
        case sqlAlchemyMySQLdb = "mysql+mysqldb"
        case sqlAlchemyAsyncmy = "mysql+asyncmy"
        case sqlAlchemyConnector = "mysql+mysqlconnector"
        /// PyMySQL's own arguments as parameters.
        case pymysql
        /// Ruby's client, and so Rails.
        case mysql2
    }

    /// The app's database, and the name of its user.
    public var name: String
    /// Settings passed to mysqld, with underscores; none that the failover protocol owns.
    public var settings: [String: String]
    public var url: URLForm
    /// How long a new connection waits at the router while no server is open for it.
    public var waitSeconds: Int

    public init(
        name: String, settings: [String: String], url: URLForm = .mysql, waitSeconds: Int = 10
    ) {
        self.name = name
        self.settings = settings
        self.url = url
        self.waitSeconds = waitSeconds
    }

    /// What a stack that an earlier version started does not say is what it was then.
    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        self.init(
            name: try values.decode(String.self, forKey: .name),
            settings: try values.decode([String: String].self, forKey: .settings),
            url: try values.decodeIfPresent(URLForm.self, forKey: .url) ?? .mysql,
            waitSeconds: try values.decodeIfPresent(Int.self, forKey: .waitSeconds) ?? 10)
    }
}

/// The `engines` section: this machine's own programs instead of those of the engine store (absolute paths).
public struct Engines: Codable, Sendable, Equatable {
    public var haproxy: String?
    public var nginx: String?
    public var mysqld: String?
    public var mysql: String?
    public var etcd: String?
    public var keepalived: String?

    public init(
        haproxy: String? = nil, nginx: String? = nil, mysqld: String? = nil, mysql: String? = nil, etcd: String? = nil,
        keepalived: String? = nil
    ) {
        self.haproxy = haproxy
        self.nginx = nginx
        self.mysqld = mysqld
        self.mysql = mysql
        self.etcd = etcd
        self.keepalived = keepalived
    }
}

/// Where things lie on one host. All paths are absolute.
public struct Layout: Codable, Sendable, Equatable {
    /// The host's own folder. Under it: `etc/` (generated files), `tls/`, `data/`, `log/`, `tmp/`.
    public var hostFolder: String
    /// For unix sockets: short, because HAProxy refuses socket paths over 97 characters.
    public var socketFolder: String
    public var programs: Programs
    /// Descriptors of the front address's listening sockets, opened once and handed to every balancer; nil
    /// where each balancer has its own.
    public var front: Front?
    /// Where each balancer has its own sockets: whether its agent keeps them, so that connections wait while HAProxy is
    /// away. Otherwise HAProxy opens them itself.
    public var keepsFrontSockets: Bool
    /// Where the kinds of files lie: under the host's own folder unless told otherwise.
    public var places: Places

    public init(
        hostFolder: String, socketFolder: String, programs: Programs, front: Front?, keepsFrontSockets: Bool = false,
        places: Places? = nil
    ) {
        self.hostFolder = hostFolder
        self.socketFolder = socketFolder
        self.programs = programs
        self.front = front
        self.keepsFrontSockets = keepsFrontSockets
        self.places = places ?? Places(under: hostFolder)
    }

    /// Folders by what lies in them.
    public struct Places: Codable, Sendable, Equatable {
        /// Generated files.
        public var configuration: String
        /// Certificates and keys.
        public var tls: String
        public var data: String
        public var log: String
        public var temporary: String
        /// What the application's account may read.
        public var published: String
        /// What root reads, and nobody else may write to; nil: beside the other generated files, where nothing runs as
        /// root.
        public var ofRoot: String?

        public init(
            configuration: String, tls: String, data: String, log: String, temporary: String, published: String,
            ofRoot: String? = nil
        ) {
            self.configuration = configuration
            self.tls = tls
            self.data = data
            self.log = log
            self.temporary = temporary
            self.published = published
            self.ofRoot = ofRoot
        }

        init(under folder: String) {
            self.init(
                configuration: "\(folder)/etc", tls: "\(folder)/tls", data: "\(folder)/data", log: "\(folder)/log",
                temporary: "\(folder)/tmp", published: "\(folder)/public")
        }
    }

    /// The real servers' programs and the data files that they need.
    public struct Programs: Codable, Sendable, Equatable {
        public var haproxy: String
        public var nginx: String
        /// nginx's `mime.types`.
        public var mimeTypes: String
        public var mysqld: String
        /// The command line client.
        public var mysql: String
        /// mysqld's `basedir`.
        public var mysqlBase: String
        /// mysqld's `plugin_dir`.
        public var mysqlPlugins: String
        /// nil: as it is where an earlier version, which ran no etcd, has applied the stack.
        public var etcd: String?
        /// These three: nil where nothing watches the stack.
        public var prometheus: String?
        public var promtool: String?
        public var alertmanager: String?

        public init(
            haproxy: String, nginx: String, mimeTypes: String, mysqld: String, mysql: String,
            mysqlBase: String, mysqlPlugins: String, etcd: String? = nil, prometheus: String? = nil,
            promtool: String? = nil, alertmanager: String? = nil
        ) {
            self.haproxy = haproxy
            self.nginx = nginx
            self.mimeTypes = mimeTypes
            self.mysqld = mysqld
            self.mysql = mysql
            self.mysqlBase = mysqlBase
            self.mysqlPlugins = mysqlPlugins
            self.etcd = etcd
            self.prometheus = prometheus
            self.promtool = promtool
            self.alertmanager = alertmanager
        }
    }

    /// Listening sockets that a process inherits.
    public struct Front: Codable, Sendable, Equatable {
        public var httpDescriptor: Int32
        public var httpsDescriptor: Int32

        public init(httpDescriptor: Int32 = 10, httpsDescriptor: Int32 = 11) {
            self.httpDescriptor = httpDescriptor
            self.httpsDescriptor = httpsDescriptor
        }
    }

    // The TLS files of a host's services, one certificate for each use. Every one is PEM; a `bundle` is certificate and
    // key in one file, as HAProxy wants it. The agent's own lies elsewhere.
    public var tlsFolder: String { places.tls }
    public var caFile: String { "\(tlsFolder)/ca.pem" }
    /// nginx.
    public var webCertificateFile: String { "\(tlsFolder)/web.pem" }
    public var webKeyFile: String { "\(tlsFolder)/web-key.pem" }
    /// mysqld.
    public var databaseCertificateFile: String { "\(tlsFolder)/database.pem" }
    public var databaseKeyFile: String { "\(tlsFolder)/database-key.pem" }
    /// etcd: of an authority of its own.
    public var storeCAFile: String { "\(tlsFolder)/store-ca.pem" }
    public var storeCertificateFile: String { "\(tlsFolder)/store.pem" }
    public var storeKeyFile: String { "\(tlsFolder)/store-key.pem" }
    /// Prometheus and Alertmanager: of the agents' authority, so that agents answer them.
    public var monitorCAFile: String { "\(tlsFolder)/monitor-ca.pem" }
    public var monitorCertificateFile: String { "\(tlsFolder)/monitor.pem" }
    public var monitorKeyFile: String { "\(tlsFolder)/monitor-key.pem" }
    /// What HAProxy shows nginx.
    public var balancerBundleFile: String { "\(tlsFolder)/balancer.pem" }
    /// What HAProxy shows browsers.
    public var frontBundleFile: String { "\(tlsFolder)/front.pem" }

    /// What the application's account may read, unlike the folders of the engines: mode 0755, and every folder above
    /// it needs search permission (0711) where the application runs as another account.
    public var publicFolder: String { places.published }
    /// A copy of `caFile`, mode 0644, for the application.
    public var publicCAFile: String { "\(publicFolder)/ca.pem" }

    public var etcFolder: String { places.configuration }
    public var dataFolder: String { places.data }
    public var logFolder: String { places.log }
    public var temporaryFolder: String { places.temporary }
    /// What `Leaving` speaks of.
    public var leavingFolder: String { "\(temporaryFolder)/leaving" }
    // Generated configuration.
    public var haproxyFile: String { "\(etcFolder)/haproxy.cfg" }
    public var nginxFile: String { "\(etcFolder)/nginx.conf" }
    public var routerFile: String { "\(etcFolder)/router.cfg" }
    /// What `routerFile` loads.
    public var routerScript: String { "\(etcFolder)/router.lua" }
    public var mysqlFile: String { "\(etcFolder)/my.cnf" }
    public var etcdFile: String { "\(etcFolder)/etcd.yaml" }
    public var prometheusFile: String { "\(etcFolder)/prometheus.yml" }
    public var alertRulesFile: String { "\(etcFolder)/alerts.yml" }
    public var alertmanagerFile: String { "\(etcFolder)/alertmanager.yml" }
    /// TLS of the two, and of Alertmanagers among each other.
    public var monitorWebFile: String { "\(etcFolder)/monitor-web.yml" }
    public var monitorPeerFile: String { "\(etcFolder)/monitor-peers.yml" }
    /// A URL or password that Alertmanager reads. It is written when Alertmanager starts, and no generated file.
    public func alertSecret(_ name: String) -> String { "\(tlsFolder)/alerts-\(name)" }
    /// nftables' rules. Root loads them.
    public var firewallFile: String { "\(places.ofRoot ?? etcFolder)/firewall.nft" }
    /// keepalived runs as root.
    public var keepalivedFile: String { "\(places.ofRoot ?? etcFolder)/keepalived.conf" }

    /// etcd's `data-dir`. Not among a blueprint's folders: etcd makes it, and an empty one is no member's.
    public var etcdDataFolder: String { "\(dataFolder)/etcd" }
    /// What etcd is started with instead of `etcdFile` while it has no data: how it is to come by its place. The
    /// agent's.
    public var etcdFirstFile: String { "\(temporaryFolder)/etcd-first.yaml" }

    public var prometheusDataFolder: String { "\(dataFolder)/prometheus" }
    public var alertmanagerDataFolder: String { "\(dataFolder)/alertmanager" }

    /// mysqld's `datadir`. Not among a blueprint's folders: mysqld makes it when it initialises.
    public var mysqlDataFolder: String { "\(dataFolder)/mysql" }
    /// mysqld's own log, from its first line after the options are read.
    public var mysqlLogFile: String { "\(logFolder)/mysql.log" }
    /// One line for each request that nginx answered. Appended to (O_APPEND), so it may be truncated at any time.
    public var nginxAccessLogFile: String { "\(logFolder)/nginx-access.log" }

    public var mysqlSocket: String { "\(socketFolder)/mysql.sock" }
    public var haproxySocket: String { "\(socketFolder)/haproxy.sock" }
    public var routerSocket: String { "\(socketFolder)/router.sock" }
    /// Where the router calls itself, for a connection that begins anew.
    func routerEntrance(_ purpose: RouterQuestion.Purpose) -> String { "\(socketFolder)/\(purpose.rawValue).sock" }
    /// nginx: its own way to the other hosts' apps.
    public var peerSocket: String { "\(socketFolder)/peers.sock" }
}

extension Layout.Programs {
    /// Where the programs would be if the machine had them.
    public static let onSearchPath = Layout.Programs(
        haproxy: "haproxy", nginx: "nginx", mimeTypes: "/etc/nginx/mime.types", mysqld: "mysqld", mysql: "mysql",
        mysqlBase: "/usr", mysqlPlugins: "/usr/lib/mysql/plugin", etcd: "etcd", prometheus: "prometheus",
        promtool: "promtool", alertmanager: "alertmanager")
}

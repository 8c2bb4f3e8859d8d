/// A server program that Tandem runs but did not write.
public enum Engine: String, Codable, Sendable, CaseIterable, CodingKeyRepresentable {
    case haproxy
    case nginx
    case mysql
    case etcd
    case prometheus
    case alertmanager

    /// What every stack runs.
    public static let ofEveryStack: [Engine] = [.haproxy, .nginx, .mysql, .etcd]

    /// What a stack that is watched runs besides.
    public static let ofMonitoring: [Engine] = [.prometheus, .alertmanager]

    /// The name as its makers write it.
    public var title: String {
        switch self {
        case .haproxy: "HAProxy"
        case .nginx: "nginx"
        case .mysql: "MySQL"
        case .etcd: "etcd"
        case .prometheus: "Prometheus"
        case .alertmanager: "Alertmanager"
        }
    }
}

/// Where Debian keeps an engine and which parts of its packages are needed to run it.
struct EngineRecipe: Sendable {
    /// Raised when prefixes are built in another way, so that the next update builds them anew.
    static let revision = 1

    let suite: Suite
    /// The package whose version names the prefix comes first.
    let packages: [String]
    /// Programs by the key under which the record lists them, as paths inside the prefix. The others are deleted.
    let programs: [String: String]
    /// Files and folders that others need to know, in the same form.
    let places: [String: String]
    /// Entries of `usr/share` and `etc` that the programs read; the rest is deleted.
    let keptShares: [String]
    let keptSettings: [String]
    /// Endings of files under `usr/lib` that are deleted.
    let droppedLibraries: [String]
    /// Paths that are built into the programs and would lead out of the prefix, with what stands there instead: of the
    /// same length, since programs know how long their texts are.
    var replacedPaths: [ReplacedPath] = []
    /// Disk space for the download, the unpacked files and the copies made while they are patched.
    let neededBytes: Int64
}

extension Engine {
    var recipe: EngineRecipe {
        switch self {
        case .haproxy:
            EngineRecipe(
                suite: .trixie, packages: ["haproxy"], programs: ["haproxy": "usr/sbin/haproxy"], places: [:],
                keptShares: [], keptSettings: [], droppedLibraries: [], neededBytes: 120 << 20)
        case .nginx:
            EngineRecipe(
                suite: .trixie, packages: ["nginx"], programs: ["nginx": "usr/sbin/nginx"],
                places: ["mimeTypes": "etc/nginx/mime.types"], keptShares: [], keptSettings: ["nginx"],
                droppedLibraries: [], neededBytes: 100 << 20)
        case .mysql:
            EngineRecipe(
                suite: .sid, packages: ["mysql-server-core", "mysql-client-core"],
                programs: [
                    "mysqld": "usr/sbin/mysqld", "mysql": "usr/bin/mysql", "mysqladmin": "usr/bin/mysqladmin",
                    "mysqlbinlog": "usr/bin/mysqlbinlog", "mysqldump": "usr/bin/mysqldump",
                ],
                places: ["mysqlBase": "usr", "mysqlPlugins": "usr/lib/mysql/plugin"], keptShares: ["mysql"],
                // Log-in methods of clients that Tandem does not have, and reporting to other people's services.
                keptSettings: [],
                droppedLibraries: ["_client.so", "component_telemetry.so", "libpluginmecab.so"],
                neededBytes: 700 << 20)
        case .etcd:
            // The stable release's is 3.5.16. Before 3.5.28 anybody with a client certificate may list members and
            // renew any lease, also where etcd's own users are switched on.
            EngineRecipe(
                suite: .sid, packages: ["etcd-server", "etcd-client"],
                programs: ["etcd": "usr/bin/etcd", "etcdctl": "usr/bin/etcdctl"], places: [:],
                keptShares: [], keptSettings: [], droppedLibraries: [], neededBytes: 250 << 20)
        case .prometheus:
            EngineRecipe(
                suite: .trixie, packages: ["prometheus", "promtool"],
                programs: ["prometheus": "usr/bin/prometheus", "promtool": "usr/bin/promtool"], places: [:],
                keptShares: [], keptSettings: [], droppedLibraries: [], neededBytes: 600 << 20)
        case .alertmanager:
            EngineRecipe(
                suite: .trixie, packages: ["prometheus-alertmanager"],
                programs: ["alertmanager": "usr/bin/prometheus-alertmanager"], places: [:],
                keptShares: ["prometheus"], keptSettings: [], droppedLibraries: [],
                // Debian's reads its templates there, and does not start without them. Who starts it makes a link in
                // its working directory, to `usr/share/prometheus/alertmanager` of the prefix.
                replacedPaths: [
                    ReplacedPath(
                        program: "alertmanager", from: "/usr/share/prometheus/alertmanager",
                        to: "/proc/self/cwd/alertmanager-shared")
                ], neededBytes: 200 << 20)
        }
    }
}

/// See `EngineRecipe.replacedPaths`.
struct ReplacedPath: Sendable {
    /// By the recipe's name.
    var program: String
    var from: String
    var to: String
}

/// A Debian release that engines are taken from.
enum Suite: String, Codable, Sendable, CaseIterable {
    /// The stable release, together with its security updates.
    case trixie
    /// The rolling release: the only one that has MySQL, and a recent etcd.
    case sid
}

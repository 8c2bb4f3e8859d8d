/// A server program that Tandem runs but did not write.
public enum Engine: String, Codable, Sendable, CaseIterable, CodingKeyRepresentable {
    case haproxy
    case nginx
    case mysql
    case etcd

    /// What every stack runs.
    public static let ofEveryStack: [Engine] = [.haproxy, .nginx, .mysql, .etcd]

    /// The name as its makers write it.
    public var title: String {
        switch self {
        case .haproxy: "HAProxy"
        case .nginx: "nginx"
        case .mysql: "MySQL"
        case .etcd: "etcd"
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
            // The stable release's is 3.5.16. Before 3.5.28 anybody with a client certificate may list members and renew
            // any lease, also where etcd's own users are switched on.
            EngineRecipe(
                suite: .sid, packages: ["etcd-server", "etcd-client"],
                programs: ["etcd": "usr/bin/etcd", "etcdctl": "usr/bin/etcdctl"], places: [:],
                keptShares: [], keptSettings: [], droppedLibraries: [], neededBytes: 250 << 20)
        }
    }
}

/// A Debian release that engines are taken from.
enum Suite: String, Codable, Sendable, CaseIterable {
    /// The stable release, together with its security updates.
    case trixie
    /// The rolling release: the only one that has MySQL, and a recent etcd.
    case sid
}

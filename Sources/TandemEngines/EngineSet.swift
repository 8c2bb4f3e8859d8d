/// Where the engines' programs are. All paths are absolute.
public struct EngineSet: Codable, Sendable, Equatable {
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
    public var etcd: String
    /// These three: nil where they were not asked for.
    public var prometheus: String?
    public var promtool: String?
    public var alertmanager: String?
    /// What each program says of itself, such as `3.0.11`; for MySQL it is the server's.
    public var versions: [Engine: String]

    public init(
        haproxy: String, nginx: String, mimeTypes: String, mysqld: String, mysql: String, mysqlBase: String,
        mysqlPlugins: String, etcd: String, prometheus: String? = nil, promtool: String? = nil,
        alertmanager: String? = nil, versions: [Engine: String]
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
        self.versions = versions
    }

    /// The same set with this machine's own programs in place of the given ones.
    ///
    /// Each program is asked for its version, and mysqld for its folders.
    /// - Parameters: absolute paths, or nil where nothing changes; and whose rights they are asked with, nil: ours.
    /// - Throws: ``EngineError`` if a program is missing, cannot be run, is too old or is not what it should be.
    public func overriding(
        haproxy: String? = nil, nginx: String? = nil, mysqld: String? = nil, mysql: String? = nil,
        etcd: String? = nil, account: EngineStore.Account? = nil
    ) async throws -> EngineSet {
        let own = OwnPrograms(haproxy: haproxy, nginx: nginx, mysqld: mysqld, mysql: mysql, etcd: etcd)
        var parts = EngineParts(self)
        parts.merge(try await own.inspected(account: account))
        return try parts.complete()
    }
}

/// An engine set in the making: what the store has and what the machine has come together here.
struct EngineParts: Sendable {
    var paths: [String: String] = [:]
    var versions: [Engine: String] = [:]

    init() {}

    init(_ set: EngineSet) {
        paths = [
            "haproxy": set.haproxy, "nginx": set.nginx, "mimeTypes": set.mimeTypes, "mysqld": set.mysqld,
            "mysql": set.mysql, "mysqlBase": set.mysqlBase, "mysqlPlugins": set.mysqlPlugins,
            "etcd": set.etcd,
        ]
        paths["prometheus"] = set.prometheus
        paths["promtool"] = set.promtool
        paths["alertmanager"] = set.alertmanager
        versions = set.versions
    }

    mutating func add(_ record: EngineRecord) {
        paths.merge(record.programs) { _, new in new }
        versions[record.engine] = record.version
    }

    mutating func merge(_ other: EngineParts) {
        paths.merge(other.paths) { _, new in new }
        versions.merge(other.versions) { _, new in new }
    }

    /// - Throws: ``EngineError`` naming what is missing.
    func complete() throws -> EngineSet {
        func path(_ key: String) throws -> String {
            guard let path = paths[key] else {
                throw EngineError(
                    .incomplete, doing: "put the engines together", what: "nothing provides \(key)",
                    next: "Run `tandem engines install`.")
            }
            return path
        }
        return EngineSet(
            haproxy: try path("haproxy"), nginx: try path("nginx"), mimeTypes: try path("mimeTypes"),
            mysqld: try path("mysqld"), mysql: try path("mysql"), mysqlBase: try path("mysqlBase"),
            mysqlPlugins: try path("mysqlPlugins"), etcd: try path("etcd"), prometheus: paths["prometheus"],
            promtool: paths["promtool"], alertmanager: paths["alertmanager"], versions: versions)
    }
}

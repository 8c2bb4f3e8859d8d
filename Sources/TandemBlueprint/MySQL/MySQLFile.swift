import TandemStack

/// my.cnf: a database server that boots closed. See "the failover protocol" in the design for the settings that it
/// owns.
struct MySQLFile {
    let site: Site

    func text() throws(BlueprintError) -> String {
        configuration([
            site.banner("my.cnf"), "[mysqld]\n" + defaults, try user(), try places(), network, try tls(), replication,
            failover,
        ])
    }

    private var layout: Layout { site.layout }

    private func places() throws(BlueprintError) -> String {
        """
        # From here on Tandem's own. The last setting of a name wins, so nothing above changes these.
        basedir = \(try OptionFileSyntax.value(layout.programs.mysqlBase))
        plugin_dir = \(try OptionFileSyntax.value(layout.programs.mysqlPlugins))
        datadir = \(try OptionFileSyntax.value(layout.mysqlDataFolder))
        tmpdir = \(try OptionFileSyntax.value(layout.temporaryFolder + "/mysql"))
        socket = \(try OptionFileSyntax.value(layout.mysqlSocket))
        pid_file = \(try OptionFileSyntax.value(layout.temporaryFolder + "/mysql/mysqld.pid"))
        log_error = \(try OptionFileSyntax.value(layout.mysqlLogFile))
        # Neither LOAD DATA nor SELECT … INTO OUTFILE reaches the machine's files.
        secure_file_priv = NULL
        """
    }

    private var network: String {
        """
        # [hosts] address
        bind_address = \(site.host.address)
        port = \(Ports.mysql)
        report_host = \(site.host.name)
        server_id = \(Self.serverID(address: site.host.address))
        # A door of its own for the agent, open at max_connections too.
        admin_address = \(site.host.loopbackAddress)
        admin_port = \(Ports.mysqlAdmin)
        create_admin_listener_thread = ON
        mysqlx = OFF
        # Routers look in every second; nobody is locked out for that, and no name is asked of the DNS.
        skip_name_resolve = ON
        host_cache_size = 0
        """
    }

    private func tls() throws(BlueprintError) -> String {
        let ca = try OptionFileSyntax.value(layout.caFile)
        let certificate = try OptionFileSyntax.value(layout.databaseCertificateFile)
        let key = try OptionFileSyntax.value(layout.databaseKeyFile)
        return """
            ssl_ca = \(ca)
            ssl_cert = \(certificate)
            ssl_key = \(key)
            admin_ssl_ca = \(ca)
            admin_ssl_cert = \(certificate)
            admin_ssl_key = \(key)
            tls_version = TLSv1.2,TLSv1.3
            admin_tls_version = TLSv1.2,TLSv1.3
            require_secure_transport = ON
            """
    }

    private var replication: String {
        """
        # Rows are what is logged, as MySQL has it by default.
        log_bin = binlog
        relay_log = relay
        # With the columns' names: whatever is taken out of a log can be read by people.
        binlog_row_metadata = FULL
        binlog_expire_logs_seconds = 604800
        replica_net_timeout = 10
        session_track_gtids = OWN_GTID
        # Only InnoDB keeps what it has acknowledged.
        disabled_storage_engines = "MyISAM,BLACKHOLE,FEDERATED,ARCHIVE"
        """
    }

    /// What `database.settings` may say otherwise.
    private var defaults: String {
        """
        # Small enough for a laptop
        innodb_buffer_pool_size = 128M
        innodb_redo_log_capacity = 100M
        innodb_log_buffer_size = 4M
        performance_schema = OFF
        table_open_cache = 1000
        table_definition_cache = 1000
        key_buffer_size = 1M
        max_connections = 300
        # Who connects and says nothing, on the loopback addresses any user of the machine, takes a place for no longer.
        # Not less: on a machine that is busy a client may need seconds for one step of its handshake.
        connect_timeout = 10
        max_allowed_packet = 64M
        character_set_server = utf8mb4
        collation_server = utf8mb4_0900_ai_ci
        # Rows are logged, not statements: what a function or trigger does is the same everywhere.
        log_bin_trust_function_creators = ON
        local_infile = OFF
        log_timestamps = UTC
        max_binlog_size = 128M
        # A replica syncs its relay log for each event, and a compressed transaction has two instead of five or more: commits that wait for
        # the partner are that much faster.
        binlog_transaction_compression = ON
        # Transactions that a replica applies side by side share the waits for its disk.
        replica_parallel_workers = 16
        """
    }

    private func user() throws(BlueprintError) -> String {
        var lines: [String] = []
        for (key, value) in site.stack.database.settings.sorted(by: { $0.key < $1.key }) {
            lines.append("\(try OptionFileSyntax.key(key)) = \(try OptionFileSyntax.value(value))")
        }
        return lines.isEmpty ? "" : "# [database] settings\n" + lines.joined(separator: "\n")
    }

    /// `loose_` lets the server start, and its data be initialised,
    /// without the plugins.
    private var failover: String {
        """
        # By these no acknowledged write is lost.
        plugin_load_add = semisync_source.so
        plugin_load_add = semisync_replica.so
        plugin_load_add = mysql_clone.so
        \(place)
        # A commit is acknowledged once a replica has it on disk, however long that takes (here a hundred years).
        loose_rpl_semi_sync_source_enabled = \(Self.onOff(isSource))
        loose_rpl_semi_sync_source_timeout = 3155760000000
        loose_rpl_semi_sync_source_wait_no_replica = ON
        loose_rpl_semi_sync_source_wait_for_replica_count = 1
        loose_rpl_semi_sync_source_wait_point = AFTER_SYNC
        loose_rpl_semi_sync_replica_enabled = \(Self.onOff(isPartner))
        sync_relay_log = 1
        sync_binlog = 1
        innodb_flush_log_at_trx_commit = 1
        # Received but not yet applied transactions may be all there is of them: never thrown away.
        relay_log_recovery = OFF
        gtid_mode = ON
        enforce_gtid_consistency = ON
        log_replica_updates = ON
        replica_preserve_commit_order = ON
        """
    }

    private var place: String {
        switch site.leadership {
        case .agents:
            """
            # Closed until the agent knows this server's place.
            super_read_only = ON
            offline_mode = ON
            skip_replica_start = ON
            persisted_globals_load = OFF
            """
        case .fixed(let primary, _) where primary == site.host.name:
            "# The primary: open from its start."
        case .fixed:
            """
            # A replica: nobody but the primary writes here.
            super_read_only = ON
            """
        }
    }

    /// Agents switch it off where it is not wanted.
    private var isSource: Bool {
        guard case .fixed(let primary, let partner) = site.leadership else { return true }
        return primary == site.host.name && partner != nil
    }

    private var isPartner: Bool {
        guard case .fixed(_, let partner) = site.leadership else { return false }
        return partner == site.host.name
    }

    private static func onOff(_ isOn: Bool) -> String { isOn ? "ON" : "OFF" }

    /// The address as a number: unique in the stack as the address is, and never 0.
    static func serverID(address: String) -> UInt32 {
        address.split(separator: ".").reduce(into: 0) { id, octet in id = id << 8 | (UInt32(octet) ?? 0) & 0xff }
    }
}

/// The settings of mysqld that are not the user's: the failover protocol and the layout of a host rest on them.
enum OwnedSettings {
    /// The full name and the reason, if a setting's normalised name is one of them, in any spelling that some
    /// version of mysqld understands: with `loose_`, `skip_` and the like before it, with a name and a dot before
    /// it (as for key caches), or shortened.
    static func owner(of setting: String) -> (name: String, reason: String)? {
        var name = Substring(setting)
        while true {
            if let owner = exactOwner(of: String(name)) { return owner }
            if let prefix = prefixes.first(where: { name.hasPrefix($0) && name.count > $0.count }) {
                name = name.dropFirst(prefix.count)
            } else if let dot = name.firstIndex(of: ".") {
                name = name[name.index(after: dot)...]
            } else {
                return nil
            }
        }
    }

    /// The user's, though an owned name begins like them.
    private static let free: Set<String> = [
        "general_log", "slow_query_log", "lc_messages", "log_bin_trust_function_creators",
        "binlog_transaction_compression", "binlog_transaction_compression_level_zstd", "replica_parallel_workers",
    ]

    private static let prefixes = ["loose_", "skip_", "disable_", "enable_", "maximum_"]

    private static func exactOwner(of name: String) -> (name: String, reason: String)? {
        guard !name.isEmpty, !free.contains(name) else { return nil }
        for (reason, settings) in owned {
            for setting in settings {
                let stem = setting.hasSuffix("*") ? setting.dropLast() : setting[...]
                if name == stem { return (name, reason) }
                if setting.hasSuffix("*"), name.hasPrefix(stem) { return (name, reason) }
                // mysqld takes any beginning of a name that only one setting has.
                if stem.hasPrefix(name) { return (setting, reason) }
            }
        }
        return nil
    }

    /// A star stands for any ending.
    private static let owned: [(reason: String, settings: [String])] = [
        (
            "it decides whether an acknowledged write survives a crash",
            [
                "sync_*", "innodb_flush_log_at_*", "innodb_flush_method", "innodb_doublewrite*",
                "innodb_force_*", "innodb_log_checksums", "innodb_checksum_algorithm",
                "innodb_api_enable_binlog", "innodb_redo_log_archive_dirs", "tc_heuristic_recover", "log_tc*",
                "xa_detach_on_prepare",
            ]
        ),
        (
            "replication rests on it, and Tandem sets it",
            [
                "gtid*", "enforce_gtid_consistency", "rpl_*", "relay_*", "binlog_*", "log_bin*", "sql_log_bin",
                "log_replica_updates", "log_slave_updates", "server_id*", "server_uuid", "replica_*", "slave_*",
                "source_*", "master_*", "replicate_*", "replication_*", "report_*", "group_replication*", "clone_*",
                "skip_replica_start", "skip_slave_start", "init_replica", "init_slave", "expire_logs_days",
                "disabled_storage_engines", "default_storage_engine", "session_track_gtids",
                "sporadic_binlog_dump_fail", "max_binlog_dump_events", "auto_generate_certs", "ndb*",
            ]
        ),
        (
            "a server starts closed, and only its agent opens it",
            [
                "read_only", "super_read_only", "offline_mode", "innodb_read_only", "transaction_read_only",
                "persisted_globals_load", "persist_*",
            ]
        ),
        (
            "the agents' own statements rest on its default",
            ["autocommit", "completion_type", "terminology_use_previous"]
        ),
        (
            "Tandem gives out addresses and ports",
            [
                "port", "port_open_timeout", "bind_address", "socket", "skip_networking", "networking", "admin_*",
                "create_admin_listener_thread", "mysqlx*",
            ]
        ),
        (
            "every client comes from the stack's own addresses, and none waits for the DNS or is locked out",
            ["skip_name_resolve", "skip_host_cache", "host_cache_size"]
        ),
        (
            "every connection is encrypted with the stack's own certificates",
            ["ssl*", "tls_*", "require_secure_transport", "authentication_policy"]
        ),
        (
            "Tandem lays out the server's files",
            [
                "datadir", "basedir", "chroot", "tmpdir", "pid_file", "log_error", "log_error_services", "plugin_dir",
                "secure_file_priv",
                "lc_messages_dir", "character_sets_dir", "innodb_data_home_dir", "innodb_data_file_path",
                "innodb_directories", "innodb_log_group_home_dir", "innodb_undo_directory", "innodb_temp_*",
                "innodb_tmpdir", "general_log_file", "slow_query_log_file", "innodb_buffer_pool_filename",
            ]
        ),
        (
            "it would run what is not the stack's, or keep the server from running at all",
            [
                "plugin_load*", "early_plugin_load", "init_file", "skip_grant_tables", "grant_tables", "initialize*",
                "bootstrap", "daemonize", "user", "upgrade", "validate_config", "help", "version", "verbose", "gdb",
                "defaults_*", "no_defaults", "print_defaults", "log_isam", "console", "keyring_migration_*",
            ]
        ),
    ]
}

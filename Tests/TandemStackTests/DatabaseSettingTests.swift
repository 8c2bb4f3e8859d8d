import Testing

@testable import TandemStack

@Suite("Settings of the database")
struct DatabaseSettingTests {
    @Test("They have underscores and the text of the file")
    func names() throws {
        let text =
            smallest
            + "database:\n  settings: {Max-Connections: 500, sql_mode: 'ANSI,TRADITIONAL', local_infile: on, loose_foo: 1}"
        let expected = [
            "max_connections": "500", "sql_mode": "ANSI,TRADITIONAL", "local_infile": "on", "loose_foo": "1",
        ]
        #expect(try load(text).database.settings == expected)
    }

    @Test(
        "What the failover protocol owns is refused in every spelling",
        arguments: [
            "sync_binlog", "sync_relay_log", "innodb_flush_log_at_trx_commit", "gtid_mode", "enforce_gtid_consistency",
            "rpl_semi_sync_source_enabled", "rpl_semi_sync_master_timeout", "read_only", "super_read_only",
            "offline_mode",
            "skip_replica_start", "skip_slave_start", "relay_log_recovery", "relay_log", "binlog_format", "log_bin",
            "log_bin_index", "log_replica_updates", "log_slave_updates", "server_id", "persisted_globals_load",
            "datadir",
            "port", "bind_address", "socket", "ssl_ca", "require_secure_transport", "admin_address", "plugin_load",
            "plugin_load_add", "init_file", "innodb_doublewrite", "tls_version", "mysqlx_port", "skip_networking",
            "skip_name_resolve", "host_cache_size", "session_track_gtids", "innodb_buffer_pool_filename",
            "secure_file_priv", "plugin_dir", "skip_grant_tables", "user", "tmpdir", "pid_file",
            "innodb_data_home_dir",
            "innodb_force_recovery", "clone_valid_donor_list", "innodb_read_only", "autocommit", "completion_type",
            "log_error",
        ])
    func owned(setting: String) {
        let dashed = setting.replacing("_", with: "-")
        let spellings = [
            setting, dashed, setting.uppercased(), "loose_" + setting, "loose-" + dashed, "skip_" + setting,
            "disable_" + setting, "enable-" + dashed, "maximum_" + setting, "loose_enable_" + setting, "x." + setting,
            "loose_x." + setting, String(setting.dropLast()), String(setting.dropLast(2)),
        ]
        for spelling in spellings {
            #expect(throws: Complaint.self, "\(spelling)") { try DatabaseSetting.name(spelling) }
        }
    }

    @Test(
        "What is the user's is taken",
        arguments: [
            "max_connections", "innodb_buffer_pool_size", "sql_mode", "long_query_time", "slow_query_log",
            "general_log",
            "event_scheduler", "lc_messages", "log_bin_trust_function_creators", "max_binlog_size",
            "performance_schema", "character_set_server", "collation_server", "default_time_zone", "read_buffer_size",
            "log_error_verbosity", "innodb_redo_log_capacity", "innodb_flush_neighbors", "transaction_isolation",
            "wait_timeout", "table_open_cache", "tmp_table_size", "local_infile", "validate_password.policy",
            "log_timestamps", "sql_require_primary_key", "sql_generate_invisible_primary_key",
        ])
    func free(setting: String) throws {
        #expect(try DatabaseSetting.name(setting) == setting)
    }
}

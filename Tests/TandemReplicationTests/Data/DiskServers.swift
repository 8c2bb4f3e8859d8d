import Foundation
import MySQLTestServer
import Testing

@testable import TandemReplication

extension MySQLTestServer {
    /// As Tandem's my.cnf has it.
    static func startForDisks(_ address: String, id: Int) async throws -> MySQLTestServer {
        try await start(
            address: address,
            settings: """
                server_id=\(id)
                plugin_load_add=semisync_source.so
                plugin_load_add=semisync_replica.so
                plugin_load_add=mysql_clone.so
                loose_rpl_semi_sync_source_timeout=3155760000000
                log_bin=binlog
                relay_log=relay
                sync_relay_log=1
                sync_binlog=1
                relay_log_recovery=OFF
                skip_replica_start=ON
                binlog_row_metadata=FULL
                binlog_transaction_compression=ON
                max_binlog_size=128M
                """)
    }

    var dataFolder: DataFolder { DataFolder(folder.appending(path: "data").path) }

    /// As root, without line ends.
    func value(_ statement: String) throws -> String {
        try sql(statement).replacing("\\n", with: "").filter { !$0.isNewline }
    }

    var executed: TransactionSet {
        get throws { try TransactionSet(text: try value("SELECT @@GLOBAL.gtid_executed")) }
    }

    func follow(_ source: MySQLTestServer) throws {
        try sql(
            """
            CHANGE REPLICATION SOURCE TO SOURCE_HOST='\(source.address)', SOURCE_PORT=\(source.port), SOURCE_USER='repl',
                SOURCE_PASSWORD='r', SOURCE_AUTO_POSITION=1, SOURCE_SSL=1, SOURCE_CONNECT_RETRY=1, SOURCE_RETRY_COUNT=1000
            """)
        try sql("START REPLICA")
    }

    static let engines = URL(filePath: ProcessInfo.processInfo.environment["TANDEM_TEST_ENGINES"] ?? "/none")

    static func program(_ name: String) -> String {
        let mysqld = engines.appending(path: "bin/mysqld").resolvingSymlinksInPath()
        let base = mysqld.deletingLastPathComponent().deletingLastPathComponent()
        return base.appending(path: name).path
    }

    /// - Parameter donor: it has an authority of its own.
    func cloneSwap(_ donor: MySQLTestServer) -> CloneSwap {
        var program = CloneSwap.Program(
            mysqld: Self.program("sbin/mysqld"), defaultsFile: folder.appending(path: "my.cnf").path,
            caFile: donor.caFile,
            socket: folder.appending(path: "throwaway.sock").path,
            logFile: folder.appending(path: "throwaway.log").path, workingDirectory: folder.path,
            recordFile: folder.appending(path: "throwaway.json").path)
        if geteuid() == 0 { program.moreArguments = ["--user=nobody"] }
        return CloneSwap(
            folders: CloneFolders(data: dataFolder.path), program: program, rootPassword: "", logger: quietLogger)
    }

    func export(_ host: String) -> TailExport {
        TailExport(
            folder: dataFolder, exportFolder: folder.appending(path: "exports").path,
            temporaryFolder: folder.appending(path: "temporary").path, mysqlbinlog: Self.program("bin/mysqlbinlog"),
            origin: .init(stack: "shop", host: host, epoch: 4, primary: "server2"))
    }

    /// As the file's own head says.
    func apply(_ file: String) throws {
        try Self.run(
            "/bin/sh",
            [
                "-c", #"exec "$0" --no-defaults --binary-mode -uroot -S "$1" < "$2""#, Self.program("bin/mysql"),
                socketPath, file,
            ])
    }
}

/// All that is in the tables of both.
func checksums(_ server: MySQLTestServer) throws -> String {
    try server.sql("CHECKSUM TABLE shop.t, shop.kinds, tandem.heartbeat")
}

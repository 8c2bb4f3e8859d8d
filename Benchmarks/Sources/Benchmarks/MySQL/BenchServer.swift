import Foundation

/// A mysqld of the comparison's own, with its rows.
struct BenchServer {
    static let address = "127.61.9.1"
    static let port = 3306
    static let rows = 1_000_000

    private let process: Process
    private let folder: String

    /// - Parameter engines: a folder with `bin/mysqld` and `bin/mysql`.
    static func start(engines: String) throws -> BenchServer {
        let folder = NSTemporaryDirectory() + "/tandem-bench-mysql-\(ProcessInfo.processInfo.processIdentifier)"
        let mysqld = URL(fileURLWithPath: "\(engines)/bin/mysqld").resolvingSymlinksInPath()
        let base = mysqld.deletingLastPathComponent().deletingLastPathComponent().path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        try settings(folder: folder, base: base).write(
            toFile: "\(folder)/my.cnf", atomically: true, encoding: .utf8)
        var command = [mysqld.path, "--defaults-file=\(folder)/my.cnf"]
        if geteuid() == 0 {
            try Program.succeed(["chown", "-R", "nobody", folder])
            command.append("--user=nobody")
        }
        try Program.succeed(command + ["--initialize-insecure"])
        let process = try Program.start(command, log: "\(folder)/output.log")
        let server = BenchServer(process: process, folder: folder)
        do {
            try server.fill(client: "\(engines)/bin/mysql")
        } catch {
            server.stop()
            throw error
        }
        return server
    }

    func stop() {
        process.terminate()
        process.waitUntilExit()
        try? FileManager.default.removeItem(atPath: folder)
    }

    /// Commits reach the disk once a second and nothing is logged for replicas: the clients are to be measured, not the
    /// disk.
    private static func settings(folder: String, base: String) -> String {
        """
        [mysqld]
        basedir=\(base)
        datadir=\(folder)/data
        socket=\(folder)/s.sock
        pid_file=\(folder)/pid
        log_error=\(folder)/err.log
        secure_file_priv=NULL
        bind_address=\(address)
        port=\(port)
        mysqlx=OFF
        performance_schema=OFF
        innodb_buffer_pool_size=256M
        innodb_redo_log_capacity=64M
        innodb_flush_log_at_trx_commit=2
        skip_log_bin
        gtid_mode=ON
        enforce_gtid_consistency=ON
        max_connections=300

        """
    }

    private func fill(client: String) throws {
        let sql = [client, "--no-defaults", "-uroot", "-S", "\(folder)/s.sock", "-e"]
        let deadline = Date.now.addingTimeInterval(60)
        while try Program.run(sql + ["DO 0"]).status != 0 {
            guard process.isRunning, Date.now < deadline else {
                throw Failure(
                    "mysqld did not start:\n\((try? String(contentsOfFile: "\(folder)/err.log", encoding: .utf8)) ?? "")"
                )
            }
            Thread.sleep(forTimeInterval: 0.1)
        }
        try Program.succeed(
            sql + [
                """
                CREATE DATABASE bench;
                CREATE USER bench IDENTIFIED BY 'bench';
                GRANT ALL ON bench.* TO bench;
                USE bench;
                CREATE TABLE point (id INT PRIMARY KEY AUTO_INCREMENT, v VARCHAR(200));
                CREATE TABLE ins (id INT PRIMARY KEY AUTO_INCREMENT, v VARCHAR(200));
                SET cte_max_recursion_depth = \(Self.rows);
                INSERT INTO point (v) WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < \(Self.rows))
                    SELECT CONCAT('value ', i, REPEAT('x', 60)) FROM n;
                """
            ])
        // Puts the password into the server's cache: without TLS, some clients can log in only then.
        try Program.succeed(
            [client, "--no-defaults", "-ubench", "-h\(Self.address)", "-P\(Self.port)", "-e", "DO 0"],
            environment: ["MYSQL_PWD": "bench"])
    }
}

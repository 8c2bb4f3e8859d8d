import Foundation

extension MySQLTestServer {
    /// An authority, a server certificate for the address and a name, and an authority that has signed nothing.
    func makeCertificates() throws {
        func path(_ name: String) -> String { folder.appending(path: name).path }
        let key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
        for authority in ["ca", "other-ca"] {
            try Self.run(
                "/usr/bin/openssl",
                [
                    "req", "-x509", "-days", "2", "-subj", "/CN=\(authority)", "-keyout", path("\(authority)-key.pem"),
                    "-out", path("\(authority).pem"),
                ]
                    + key)
        }
        try Self.run(
            "/usr/bin/openssl",
            ["req", "-subj", "/CN=\(Self.serverName)", "-keyout", path("key.pem"), "-out", path("request.pem")] + key)
        try Data("subjectAltName=IP:\(address),DNS:\(Self.serverName)\n".utf8).write(
            to: folder.appending(path: "names"))
        try Self.run(
            "/usr/bin/openssl",
            [
                "x509", "-req", "-in", path("request.pem"), "-CA", path("ca.pem"), "-CAkey", path("ca-key.pem"),
                "-CAcreateserial", "-days", "2",
                "-out", path("cert.pem"), "-extfile", path("names"),
            ])
    }

    func writeConfiguration() throws {
        let text = """
            [mysqld]
            basedir=\(Self.base(of: engines))
            datadir=\(folder.path)/data
            tmpdir=\(folder.path)
            socket=\(socketPath)
            pid_file=\(folder.path)/pid
            log_error=\(folder.path)/err.log
            secure_file_priv=NULL
            bind_address=\(address),\(unnamedAddress)
            port=\(port)
            report_host=\(Self.serverName)
            server_id=1
            mysqlx=OFF
            ssl_ca=\(folder.path)/ca.pem
            ssl_cert=\(folder.path)/cert.pem
            ssl_key=\(folder.path)/key.pem
            require_secure_transport=ON
            gtid_mode=ON
            enforce_gtid_consistency=ON
            sql_require_primary_key=ON
            performance_schema=OFF
            innodb_buffer_pool_size=64M
            innodb_redo_log_capacity=32M
            max_connections=200
            \(settings)
            """
        try Data((text + "\n").utf8).write(to: folder.appending(path: "my.cnf"))
    }

    /// The program may be a link: what belongs to it lies where it leads, as in `BASE/sbin/mysqld`.
    private static func base(of engines: URL) -> String {
        let program = engines.appending(path: "bin/mysqld").resolvingSymlinksInPath()
        return program.deletingLastPathComponent().deletingLastPathComponent().path
    }
}

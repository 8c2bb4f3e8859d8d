import Foundation
import Testing

@testable import TandemEngines

@Suite struct OwnProgramTests {
    @Test(
        "Versions are read from what the programs print",
        arguments: [
            (ProgramProbe.haproxy, "HAProxy version 3.0.11-1+deb13u5 2026/05/20 - https://haproxy.org/", "3.0.11"),
            (.nginx, "nginx version: nginx/1.26.3", "1.26.3"),
            (.mysqld, "/usr/sbin/mysqld  Ver 9.7.4-2 for Linux on x86_64 ((Debian))", "9.7.4"),
            (.mysql, "mysql  Ver 8.0.43-0ubuntu0.24.04.1 for Linux on x86_64 ((Ubuntu))", "8.0.43"),
            (.etcd, "etcd Version: 3.5.30", "3.5.30"), (.etcdctl, "etcdctl version: 3.5.30", "3.5.30"),
        ])
    func version(probe: ProgramProbe, line: String, expected: String) throws {
        #expect(try probe.parse([line]).get().description == expected)
    }

    @Test func mariaDBIsNotMySQL() {
        let server = "mariadbd  Ver 10.11.6-MariaDB-0+deb12u1 for debian-linux-gnu on x86_64 (Debian 12)"
        let client = "mysql  Ver 15.1 Distrib 10.11.6-MariaDB, for debian-linux-gnu (x86_64)"
        #expect(ProgramProbe.mysqld.parse([server]) == .failure(.mariaDB))
        #expect(ProgramProbe.mysql.parse([client]) == .failure(.mariaDB))
    }

    @Test func onlyWhatIsNotReplacedIsFetched() {
        #expect(OwnPrograms().enginesToFetch == [.haproxy, .nginx, .mysql, .etcd])
        #expect(OwnPrograms(haproxy: "/h", mysqld: "/m").enginesToFetch == [.nginx, .mysql, .etcd])
        #expect(OwnPrograms(haproxy: "/h", nginx: "/n", mysqld: "/m", mysql: "/c").enginesToFetch == [.etcd])
        #expect(OwnPrograms(haproxy: "/h", nginx: "/n", mysqld: "/m", mysql: "/c", etcd: "/e").enginesToFetch.isEmpty)
    }

    @Test func aProgramThatIsMissingOldOrSomethingElseIsRefused() async throws {
        try await withTemporaryFolder { folder in
            try makeProgram("\(folder)/old", "echo 'HAProxy version 2.6.12-1+deb12u1 2023/12/16'")
            for (path, part) in [
                ("relative", "not an absolute path"), ("\(folder)/none", "no program"), ("/bin/true", "it printed"),
                ("\(folder)/old", "2.6.12"),
            ] {
                let error = await #expect(throws: EngineError.self) {
                    try await ProgramProbe.haproxy.version(ofOwn: path)
                }
                #expect(error?.reason == .ownProgram)
                #expect(error?.what.contains(part) == true, "\(path): \(error?.what ?? "")")
            }
        }
    }

    @Test func aStackWithOnlyOwnProgramsNeedsNoStore() async throws {
        try await withTemporaryFolder { folder in
            try makeProgram("\(folder)/sbin/haproxy", "echo 'HAProxy version 3.2.1 2025/06/01'")
            try makeProgram("\(folder)/sbin/nginx", "echo 'nginx version: nginx/1.28.0' >&2")
            try makeProgram("\(folder)/bin/mysql", "echo 'mysql  Ver 8.4.5 for Linux on x86_64 (Source)'")
            // The table comes after more output than fits into a pipe at once.
            try makeProgram(
                "\(folder)/bin/mysqld",
                """
                [ "$2" = --version ] && { echo "mysqld  Ver 8.4.5 for Linux on x86_64 (Source)"; exit; }
                seq 1 60000
                echo "Variables (--variable-name=value)"
                echo "---------------- -----------------"
                echo "basedir          /opt/my sql/"
                echo "plugin-dir       /opt/my sql/lib/plugin/"
                """)
            try FileManager.default.createDirectory(
                atPath: "\(folder)/conf", withIntermediateDirectories: false)
            try Data("types {}".utf8).write(to: URL(fileURLWithPath: "\(folder)/conf/mime.types"))
            try makeProgram("\(folder)/bin/etcd", "echo 'etcd Version: 3.6.5'")
            let store = EngineStore(folder: "\(folder)/engines")
            let set = try await store.install(
                own: OwnPrograms(
                    haproxy: "\(folder)/sbin/haproxy", nginx: "\(folder)/sbin/nginx", mysqld: "\(folder)/bin/mysqld",
                    mysql: "\(folder)/bin/mysql", etcd: "\(folder)/bin/etcd"))
            #expect(set.mysqlBase == "/opt/my sql")
            #expect(set.mysqlPlugins == "/opt/my sql/lib/plugin")
            #expect(set.mimeTypes == "\(folder)/conf/mime.types")
            #expect(set.versions == [.haproxy: "3.2.1", .nginx: "1.28.0", .mysql: "8.4.5", .etcd: "3.6.5"])
            #expect(set.etcd == "\(folder)/bin/etcd")
            #expect(!FileManager.default.fileExists(atPath: store.folder))
            try makeProgram("\(folder)/newer", "echo 'HAProxy version 3.3.0 2026/01/01'")
            let changed = try await set.overriding(haproxy: "\(folder)/newer")
            #expect(changed.versions[.haproxy] == "3.3.0")
            #expect(changed.haproxy == "\(folder)/newer")
            #expect(changed.mysqld == set.mysqld)
        }
    }
}

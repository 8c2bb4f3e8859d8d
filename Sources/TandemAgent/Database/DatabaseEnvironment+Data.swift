import Foundation
import Glibc
import MySQLConnector
import TandemBlueprint
import TandemReplication
import TandemServices

extension DatabaseEnvironment {
    var provisioningLog: String { "\(layout.logFolder)/mysql-provisioning.log" }

    /// Makes new data in a folder that is not there yet, without a server.
    /// - Parameter more: statements for the new data, each on one line.
    func initialise(_ folder: String, more: [String] = []) async throws {
        let initFile = "\(layout.temporaryFolder)/init.sql"
        let statements = ["ALTER USER 'root'@'localhost' IDENTIFIED BY '\(secrets.root)'"] + more
        try AtomicFile.write(statements.map { "\($0);\n" }.joined(), to: initFile)
        defer { unlink(initFile) }
        let command =
            HostBlueprint.mysqlInitialise(layout: layout) + [
                "--datadir=\(folder)", "--init-file=\(initFile)", "--log-error=\(provisioningLog)",
            ]
        try await Command.run(
            provisioning(command), doing: "initialise MySQL's data in \(folder)", bound: .seconds(300))
    }

    /// What is run on data in the making.
    func provisioning(_ command: [String]) -> ProcessSpecification {
        ProcessSpecification(
            command: command, environment: ["PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"],
            workingDirectory: layout.dataFolder, logFile: provisioningLog)
    }

    /// Has mysqld read its certificates anew. Connections that are there go on with the ones they have.
    func reloadCertificates() async throws {
        try await withConnection {
            try await $0.execute("ALTER INSTANCE RELOAD TLS")
            try await $0.execute("ALTER INSTANCE RELOAD TLS FOR CHANNEL mysql_admin")
        }
    }
}

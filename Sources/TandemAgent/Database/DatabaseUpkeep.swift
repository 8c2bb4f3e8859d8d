import Foundation
import Logging
import MySQLConnector
import TandemBlueprint
import TandemReplication
import TandemStack

/// What every stack's data has, whichever version made it: statements for new data, and for data that lacks them.
struct DatabaseUpkeep {
    let environment: DatabaseEnvironment

    private var hasHashingComponent: Bool {
        FileManager.default.fileExists(
            atPath: "\(environment.layout.programs.mysqlPlugins)/\(ClassicHashing.library)")
    }

    /// For data in the making.
    var initialStatements: [String] {
        let zones = MachineTimeZones.read()
        if zones.zones.isEmpty {
            environment.logger.warning("no time zones in /usr/share/zoneinfo: MySQL will know none by name")
        }
        return (hasHashingComponent ? [ClassicHashing.entry] : []) + (zones.zones.isEmpty ? [] : zones.statements)
    }

    /// On the primary, when it takes writes; its replicas get all but the component. What fails here is no reason not
    /// to serve.
    func runOnPrimary(_ connection: MySQLConnection) async throws {
        let database = environment.applied.stack.database
        let bootstrap = Bootstrap(
            database: database.name, appUser: database.appUser, appReadUser: database.appReadUser,
            secrets: environment.secrets)
        try await attempt("change the users of an earlier version") { try await bootstrap.renew(connection) }
        try await attempt("load the time zones") {
            guard try await TimeZoneTables.areMissing(connection) else { return }
            let zones = MachineTimeZones.read()
            guard !zones.zones.isEmpty else { return }
            for statement in zones.statements { try await connection.execute(statement) }
        }
        try await runOnAny(connection)
    }

    /// - Parameter connection: to a replica, not open yet, or to the primary.
    func runOnAny(_ connection: MySQLConnection) async throws {
        guard hasHashingComponent else { return }
        try await attempt("install MD5() and SHA1()") { try await ClassicHashing.install(connection) }
    }

    /// Passes on only what ends the connection.
    private func attempt(_ what: String, _ body: () async throws -> Void) async throws {
        do {
            try await body()
        } catch let error as MySQLError where error.serverErrorNumber != nil {
            environment.logger.warning("could not \(what): \(error)")
        }
    }
}

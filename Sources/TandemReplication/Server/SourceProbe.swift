import Logging
import MySQLConnector
import TandemServices

/// Asks another host's server what it has executed: that it answers is the news, and how far behind it one is.
actor SourceProbe {
    nonisolated let address: DatabaseServerSettings.Address
    private let configuration: MySQLConfiguration
    private let logger: Logger
    private var connection: MySQLConnection?
    /// One question at a time. It goes on when nobody waits for it any longer.
    private var pending: Task<String?, Never>?

    init(_ settings: DatabaseServerSettings, _ address: DatabaseServerSettings.Address, logger: Logger) {
        self.address = address
        self.logger = logger
        var configuration = MySQLConfiguration(
            address: .tcp(host: address.address, port: address.port), username: DatabaseUser.monitor,
            password: settings.bootstrap.secrets.monitor, tls: .require(caFile: settings.caFile))
        configuration.connectTimeout = .seconds(1)
        configuration.queryTimeout = .seconds(1)
        self.configuration = configuration
    }

    /// Its `gtid_executed`; nil when no answer arrived from now on within the bound.
    func executed(within bound: Duration) async -> String? {
        let question = pending ?? Task { await self.ask() }
        pending = question
        return await question.value(within: bound) ?? nil
    }

    func close() async {
        let last = connection
        connection = nil
        await last?.close()
    }

    private func ask() async -> String? {
        defer { pending = nil }
        do {
            let used = try await open()
            return try await used.first("SELECT @@GLOBAL.gtid_executed", as: String.self)
        } catch {
            await close()
            return nil
        }
    }

    private func open() async throws -> MySQLConnection {
        if let connection, connection.isUsable { return connection }
        let new = try await MySQLConnection.connect(configuration, logger: logger)
        connection = new
        return new
    }
}

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
    private var isSilent = false
    /// Looks that wait for an answer, by number.
    private var waits: [UInt64: Task<String?, Never>] = [:]
    private var lastWait: UInt64 = 0

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

    /// Its `gtid_executed`; nil when no answer arrived from now on within the bound. Of a source that was silent last
    /// time nobody waits: it is asked all the same, and when it has answered the next call waits again. Otherwise each
    /// look would come late while it hangs.
    func executed(within bound: Duration) async -> String? {
        let question = pending ?? Task { await self.ask() }
        pending = question
        guard !isSilent else { return nil }
        let wait = Task { await question.value(within: bound) ?? nil }
        lastWait += 1
        let number = lastWait
        waits[number] = wait
        let answer = await wait.value
        waits[number] = nil
        if answer == nil { isSilent = true }
        return answer
    }

    /// The source is still asked, but not waited for until it answers; nor any longer by those who wait now.
    func expectSilence() {
        isSilent = true
        for wait in waits.values { wait.cancel() }
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
            let executed = try await used.first("SELECT @@GLOBAL.gtid_executed", as: String.self)
            isSilent = false
            return executed
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

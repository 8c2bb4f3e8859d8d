import Logging
import MySQLConnector

/// Clients of a drill: each writes one row after the other to whichever server lets it, and notes what it was told.
struct WritingClients: Sendable {
    /// The servers, by the address that clients use.
    var servers: [MySQLConfiguration]
    var count: Int
    var ledger: WriteLedger
    /// Between two writes of one client.
    var pause: Duration
    var logger: Logger

    init(
        servers: [MySQLConfiguration], count: Int = 4, ledger: WriteLedger, pause: Duration = .milliseconds(5),
        logger: Logger
    ) {
        self.servers = servers.map {
            var server = $0
            server.connectTimeout = .seconds(1)
            server.queryTimeout = .seconds(8)
            return server
        }
        self.count = count
        self.ledger = ledger
        self.pause = pause
        self.logger = logger
    }

    /// To be run once, on a primary that is open.
    static let createTable =
        "CREATE TABLE IF NOT EXISTS drill_writes (id BIGINT PRIMARY KEY, client INT NOT NULL)"

    /// Writes until its task is cancelled.
    func run() async {
        await withDiscardingTaskGroup { group in
            for client in 0..<count { group.addTask { await write(as: client) } }
        }
    }

    private func write(as client: Int) async {
        var place = client % max(servers.count, 1)
        while !Task.isCancelled {
            guard let connection = try? await MySQLConnection.connect(servers[place], logger: logger) else {
                place = (place + 1) % servers.count
                try? await Task.sleep(for: .milliseconds(10))
                continue
            }
            while !Task.isCancelled, await writeOnce(as: client, on: connection) { try? await Task.sleep(for: pause) }
            await connection.close()
            place = (place + 1) % servers.count
            // A server that lets one in and takes no writes is asked again in a moment.
            try? await Task.sleep(for: .milliseconds(10))
        }
    }

    /// - Returns: whether the connection is good for another.
    private func writeOnce(as client: Int, on connection: MySQLConnection) async -> Bool {
        guard let id = ledger.nextID() else { return false }
        let begun = ContinuousClock.now
        func note(_ answer: WriteLedger.Answer) {
            ledger.note(.init(id: id, begun: begun, ended: .now, answer: answer))
        }
        do {
            try await connection.execute("INSERT INTO drill_writes VALUES (\(id), \(client))")
            note(.acknowledged)
            return true
        } catch {
            note(Self.hasDoneNothing(error) ? .refused : .unknown)
            return false
        }
    }

    /// 1290 is what a server says that is read only. Whatever else went wrong, the write may be there.
    private static func hasDoneNothing(_ error: any Error) -> Bool {
        (error as? MySQLError).map { $0.serverErrorNumber == 1290 } ?? false
    }
}

import Logging
import MySQLConnector

/// Clients of a drill: each writes one row after the other, and notes what it was told. Some look for a server that
/// lets them; and each server has one that stays with it, and is there when it opens: the others may be stuck at a
/// server that is frozen.
struct WritingClients: Sendable {
    /// The servers, by the address that clients use.
    var servers: [MySQLConfiguration]
    /// Of those that look for a server.
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
            for client in 0..<count { group.addTask { await write(as: client, from: client, step: 1) } }
            for server in servers.indices { group.addTask { await write(as: count + server, from: server, step: 0) } }
        }
    }

    /// - Parameter step: to the next server, where this one takes no write.
    private func write(as client: Int, from first: Int, step: Int) async {
        var place = first % max(servers.count, 1)
        while !Task.isCancelled {
            if let connection = try? await MySQLConnection.connect(servers[place], logger: logger) {
                while !Task.isCancelled, let write = await writeOnce(as: client, on: connection) {
                    // Whoever stays is refused all the while.
                    if step > 0 || write.answer != .refused { ledger.note(write) }
                    if write.answer == .unknown || (write.answer == .refused && step > 0) { break }
                    try? await Task.sleep(for: pause)
                }
                await connection.close()
            }
            place = (place + step) % servers.count
            // A server that lets one in and takes no writes is asked again in a moment.
            try? await Task.sleep(for: .milliseconds(10))
        }
    }

    /// - Returns: nil when no more writes are to be made.
    private func writeOnce(as client: Int, on connection: MySQLConnection) async -> WriteLedger.Write? {
        guard let id = ledger.nextID() else { return nil }
        let begun = ContinuousClock.now
        var answer = WriteLedger.Answer.acknowledged
        do {
            try await connection.execute("INSERT INTO drill_writes VALUES (\(id), \(client))")
        } catch {
            answer = Self.hasDoneNothing(error) ? .refused : .unknown
        }
        return WriteLedger.Write(id: id, begun: begun, ended: .now, answer: answer)
    }

    /// 1290 is what a server says that is read only. Whatever else went wrong, the write may be there.
    private static func hasDoneNothing(_ error: any Error) -> Bool {
        (error as? MySQLError).map { $0.serverErrorNumber == 1290 } ?? false
    }
}

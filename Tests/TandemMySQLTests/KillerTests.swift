import MySQLConnector
import MySQLTestServer
import Testing

@Suite("A statement that is cancelled behind a proxy")
struct KillerTests {
    @Test(
        "is ended on its own server or not at all: never a session of the same number on another",
        .timeLimit(.minutes(5)))
    func otherServer() async throws {
        let pair = try await Pair.start("127.202.5")
        defer { pair.stop() }
        let proxy = Proxy(address: "127.202.5.3", port: 3306, target: pair.first.place)
        let proxying = Task { await proxy.run() }
        defer { proxying.cancel() }
        var throughProxy = pair.login("writer", "w")
        throughProxy.address = proxy.place
        var direct = throughProxy
        direct.address = pair.second.place
        try await eventually("the proxy is there") {
            do {
                await (try await MySQLConnection.connect(throughProxy, logger: quietLogger)).close()
                return true
            } catch { return false }
        }

        // Two sessions of one number, one on each server.
        var ours = try await MySQLConnection.connect(throughProxy, logger: quietLogger)
        var strangers = try await MySQLConnection.connect(direct, logger: quietLogger)
        while ours.connectionID != strangers.connectionID {
            if ours.connectionID < strangers.connectionID {
                await ours.close()
                ours = try await MySQLConnection.connect(throughProxy, logger: quietLogger)
            } else {
                await strangers.close()
                strangers = try await MySQLConnection.connect(direct, logger: quietLogger)
            }
        }

        // Theirs waits for a lock until it is let go, however long all of this takes here.
        let holder = try await MySQLConnection.connect(direct, logger: quietLogger)
        #expect(try await holder.query("SELECT GET_LOCK('killer', 0)")[0][0] == .int(1))
        let (ourConnection, otherConnection) = (ours, strangers)
        let other = Task { try await otherConnection.query("SELECT /* theirs */ GET_LOCK('killer', 600)") }
        let own = Task { try await ourConnection.query("SELECT /* ours */ SLEEP(600)") }
        for (server, mark) in [(pair.first, "ours"), (pair.second, "theirs")] {
            try await eventually("it runs") {
                try server.sql(
                    "SELECT COUNT(*) FROM information_schema.processlist WHERE user = 'writer' AND info LIKE '%\(mark)%'"
                )
                    == "1\n"
            }
        }
        proxy.lead(to: pair.second.place)
        own.cancel()
        await #expect(throws: CancellationError.self) { try await own.value }
        // In which an order that went astray would arrive.
        try await Task.sleep(for: .seconds(2))
        #expect(try await holder.query("SELECT RELEASE_LOCK('killer')")[0][0] == .int(1))
        // A statement that is interrupted throws, as in a session that is ended.
        #expect(try await other.value[0][0] == .int(1))
        await holder.close()
        await ours.close()
        await strangers.close()
    }
}

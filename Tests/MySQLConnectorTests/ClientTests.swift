import MySQLConnector
import MySQLTestServer
import ServiceLifecycle
import Synchronization
import Testing

@Suite("Client")
struct ClientTests {
    private func options(_ maximum: Int, _ change: (inout MySQLPoolOptions) -> Void = { _ in }) -> MySQLPoolOptions {
        var options = MySQLPoolOptions(maximumConnections: maximum)
        options.acquireTimeout = .seconds(30)
        change(&options)
        return options
    }

    @Test("a thousand tasks share eight connections, each with its own answer")
    func manyTasks() async throws {
        try await withClient(try await SharedServer.configuration, options(8)) { client async throws in
            try await withThrowingTaskGroup(of: Bool.self) { group in
                for number in 0..<1000 {
                    group.addTask { try await client.query("SELECT \(number)")[0].decode((Int).self) == number }
                }
                for try await isRight in group { #expect(isRight) }
            }
            let statistics = client.statistics
            #expect(statistics.openedTotal <= 8 && statistics.leased == 0 && statistics.waiting == 0)
        }
    }

    @Test("tasks that wait are served in the order of their coming")
    func order() async throws {
        try await withClient(try await SharedServer.configuration, options(1)) { client async throws in
            let served = Served()
            try await client.withConnection { _ async throws in
                for number in 0..<5 {
                    Task { try await client.withConnection { _ in served.append(number) } }
                    while client.statistics.waiting <= number { try await Task.sleep(for: .milliseconds(1)) }
                }
            }
            while served.numbers.count < 5 { try await Task.sleep(for: .milliseconds(1)) }
            #expect(served.numbers == [0, 1, 2, 3, 4])
        }
    }

    @Test("statements that wait run in the order of their coming, those of a borrowed connection among them")
    func orderOfStatements() async throws {
        try await withClient(try await SharedServer.configuration, options(1)) { client async throws in
            _ = try await client.query("CREATE TABLE turns (turn INT PRIMARY KEY AUTO_INCREMENT, number INT)")
            try await withThrowingTaskGroup(of: Void.self) { group in
                try await client.withConnection { _ async throws in
                    for number in 0..<60 {
                        let insert: MySQLQuery = "INSERT INTO turns (number) VALUES (\(number))"
                        group.addTask {
                            guard number % 20 == 19 else { return _ = try await client.query(insert) }
                            try await client.withConnection { _ = try await $0.query(insert) }
                        }
                        while client.statistics.waiting <= number { try await Task.sleep(for: .milliseconds(1)) }
                    }
                }
                try await group.waitForAll()
            }
            let numbers = try await client.query("SELECT number FROM turns ORDER BY turn").map {
                try $0.decode((Int).self)
            }
            _ = try await client.query("DROP TABLE turns")
            #expect(numbers == Array(0..<60) && client.statistics.openedTotal == 1)
        }
    }

    @Test("who waits too long gets an error that says how full the pool is")
    func acquireTimeout() async throws {
        let options = options(1) { $0.acquireTimeout = .seconds(3) }
        try await withClient(try await SharedServer.configuration, options) { client async throws in
            let error = try await client.withConnection { _ async throws in
                await #expect(throws: MySQLError.self) { _ = try await client.query("SELECT 1") }
            }
            #expect(error?.code == .poolTimeout && says(error, "1 of at most 1 in use"))
            let rows = try await client.query("SELECT 1")
            #expect(rows.count == 1)
        }
    }

    @Test("a failing connect is named by those who waited in vain")
    func connectErrorIsShown() async throws {
        var configuration = try await SharedServer.configuration
        configuration.password = "wrong"
        try await withClient(configuration, options(2) { $0.acquireTimeout = .seconds(3) }) {
            client async throws in
            let error = await #expect(throws: MySQLError.self) { _ = try await client.query("SELECT 1") }
            #expect(error?.code == .poolTimeout && says(error, "1045"))
            #expect(client.statistics.connectFailuresTotal >= 2)
        }
    }

    @Test("a client that nobody runs says so instead of hanging")
    func forgottenRun() async throws {
        let client = MySQLClient(
            configuration: try await SharedServer.configuration,
            options: options(1) { $0.acquireTimeout = .milliseconds(100) }, logger: quietLogger)
        let error = await #expect(throws: MySQLError.self) { _ = try await client.query("SELECT 1") }
        #expect(error?.code == .poolTimeout && says(error, "run()"))
    }

    @Test("a cancelled task leaves the queue at once")
    func cancelledWaiter() async throws {
        try await withClient(try await SharedServer.configuration, options(1)) { client async throws in
            try await client.withConnection { _ async throws in
                let task = Task { try await client.query("SELECT 1") }
                while client.statistics.waiting == 0 { try await Task.sleep(for: .milliseconds(1)) }
                task.cancel()
                await #expect(throws: CancellationError.self) { _ = try await task.value }
                #expect(client.statistics.waiting == 0)
            }
        }
    }

    @Test("what a statement leaves in its session is not passed on to the next in the queue")
    func passedOnClean() async throws {
        try await withClient(try await SharedServer.configuration, options(1)) { client async throws in
            let first = Task { try await client.query("SELECT /* leaves */ SLEEP(3) + 7 INTO @v") }
            try await wait { try await SharedServer.isRunning("leaves") }
            let second = Task { try await client.query("SELECT @v") }
            while client.statistics.waiting == 0 { try await Task.sleep(for: .milliseconds(1)) }
            _ = try await first.value
            #expect(try await second.value[0][0] == .null)
        }
    }

    @Test("a task cancelled during its statement costs no connection")
    func cancelledStatement() async throws {
        try await withClient(try await SharedServer.configuration, options(1)) { client async throws in
            let before = try await client.query("SELECT CONNECTION_ID()")[0].decode((Int).self)
            let task = Task { try await client.query("SELECT SLEEP(20)") }
            try await Task.sleep(for: .milliseconds(100))
            task.cancel()
            await #expect(throws: CancellationError.self) { _ = try await task.value }
            let after = try await client.query("SELECT CONNECTION_ID()")[0].decode((Int).self)
            #expect(before == after)
        }
    }

    @Test("nothing of one task's session is left for the next, and statements stay prepared when nothing was changed")
    func sessionReset() async throws {
        try await withClient(try await SharedServer.configuration, options(1)) { client async throws in
            _ = try await client.query("SELECT \(1) + 1")
            _ = try await client.query("SELECT \(1) + 1")
            let kept = try await client.withConnection {
                try await $0.execute("SHOW SESSION STATUS LIKE 'Com_stmt_close'")
            }
            #expect(kept[0]["Value"] == .text("0"))
            try await client.withConnection { connection async throws in
                _ = try await connection.execute("SET @left = 1, SESSION sql_mode = ''")
                _ = try await connection.execute("CREATE TEMPORARY TABLE left_over (id INT PRIMARY KEY)")
                _ = try await connection.query("SELECT GET_LOCK('left', 0)")
                _ = try await connection.execute("BEGIN")
            }
            let row = try await client.query("SELECT @left, @@sql_mode, IS_FREE_LOCK('left'), @@time_zone")[0]
            let (variable, mode, isFree, zone) = try row.decode((String?, String, Bool, String).self)
            #expect(variable == nil && mode.contains("STRICT") && isFree && zone == "+00:00")
            let error = await #expect(throws: MySQLError.self) { _ = try await client.query("SELECT * FROM left_over") }
            #expect(error?.serverErrorNumber == 1146)
            #expect(client.statistics.openedTotal == 1)
        }
    }

    @Test("a transaction is committed when its closure returns and rolled back when it throws")
    func transactions() async throws {
        struct Regret: Error {}
        try await withClient(try await SharedServer.configuration, options(2)) { client async throws in
            _ = try await client.execute("CREATE TABLE IF NOT EXISTS ledger (id INT PRIMARY KEY)")
            _ = try await client.execute("DELETE FROM ledger")
            let inserted = try await client.withTransaction {
                try await $0.query("INSERT INTO ledger VALUES (1)").affectedRows
            }
            #expect(inserted == 1)
            await #expect(throws: Regret.self) {
                try await client.withTransaction { connection async throws in
                    _ = try await connection.query("INSERT INTO ledger VALUES (2)")
                    throw Regret()
                }
            }
            let rows = try await client.query("SELECT id FROM ledger")
            #expect(rows.map { $0[0] } == [.int(1)])
        }
    }

    @Test("a graceful shutdown lets running work end, then closes everything")
    func gracefulShutdown() async throws {
        let client = MySQLClient(
            configuration: try await SharedServer.configuration, options: options(2), logger: quietLogger)
        let group = ServiceGroup(services: [client], logger: quietLogger)
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await group.run() }
            tasks.addTask {
                let rows = try await client.query("SELECT SLEEP(0.5)")
                #expect(rows.count == 1)
            }
            while client.statistics.leased == 0 { try await Task.sleep(for: .milliseconds(1)) }
            await group.triggerGracefulShutdown()
            try await tasks.waitForAll()
        }
        let error = await #expect(throws: MySQLError.self) { _ = try await client.query("SELECT 1") }
        #expect(error?.code == .poolClosed)
        #expect(client.statistics.leased == 0 && client.statistics.idle == 0)
    }
}

/// Numbers in the order in which they came.
final class Served: Sendable {
    private let list = Mutex<[Int]>([])
    var numbers: [Int] { list.withLock(\.self) }
    func append(_ number: Int) { list.withLock { $0.append(number) } }
}

import TandemBlueprint
import TandemTopology
import Testing

@testable import TandemAgent

@Suite("The order of a host's services")
struct ServiceOrderTests {
    private static func service(_ name: ServiceName, instance: Int = 1, after: [ServiceName] = []) -> ServiceBlueprint {
        ServiceBlueprint(
            name: name, instance: instance, command: ["/bin/true"], workingDirectory: "/", readiness: .database,
            startTimeoutSeconds: 1, stop: .init(signal: 15, boundSeconds: 1),
            listeners: [.init(address: "127.200.9.1", port: 3000, reach: .host)], after: after)
    }

    private static let mysql = service(.mysql)
    private static let router = service(.router)
    private static let first = service(.app, after: [.router])
    private static let second = service(.app, instance: 2, after: [.router])
    private static let nginx = service(.nginx, after: [.app])
    private static let all = [mysql, router, first, second, nginx]

    private let order = ServiceOrder(all)

    private func reports(
        settled: [ServiceBlueprint] = [], running: [ServiceBlueprint] = []
    ) -> [String: ServiceReport] {
        var reports: [String: ServiceReport] = [:]
        for service in Self.all {
            var status = ServiceStatus(of: service)
            if running.contains(service) { status.state = .running }
            reports[service.statusName] = ServiceReport(status: status, isSettled: settled.contains(service))
        }
        return reports
    }

    @Test("lets one service after the other take up new settings, each once all earlier ones serve with theirs")
    func turns() {
        for count in Self.all.indices {
            let reports = reports(settled: Array(Self.all.prefix(count)))
            let mayChange = Self.all.filter { order.isTurn(of: $0, among: reports) }
            #expect(mayChange == Array(Self.all.prefix(count + 1)))
        }
        // A later one that is done already takes nobody's turn.
        #expect(!order.isTurn(of: Self.first, among: reports(settled: [Self.mysql, Self.nginx])))
        #expect(!order.isTurn(of: Self.second, among: reports(settled: [Self.mysql, Self.router])))
    }

    @Test("lets nobody begin while nothing is known of those before")
    func unknown() {
        #expect(order.isTurn(of: Self.mysql, among: [:]))
        #expect(!order.isTurn(of: Self.router, among: [:]))
        #expect(!order.areAllSettled(among: [:]))
    }

    @Test("has a service wait for every instance of those that it needs")
    func needs() {
        #expect(order.missing(for: Self.first, among: reports(running: [Self.mysql])) == .router)
        #expect(order.missing(for: Self.first, among: reports(running: [Self.router])) == nil)
        #expect(order.missing(for: Self.nginx, among: reports(running: [Self.router, Self.first])) == .app)
        #expect(order.missing(for: Self.nginx, among: reports(running: [Self.first, Self.second])) == nil)
        #expect(order.missing(for: Self.mysql, among: reports()) == nil)
    }

    @Test("is not waited for where the host has none of what is needed")
    func elsewhere() {
        #expect(ServiceOrder([Self.nginx]).missing(for: Self.nginx, among: [:]) == nil)
    }

    @Test("is settled when all of them are")
    func settled() {
        #expect(order.areAllSettled(among: reports(settled: Self.all)))
        #expect(!order.areAllSettled(among: reports(settled: [Self.mysql, Self.router, Self.first, Self.second])))
        #expect(order.statuses(among: reports()).map(\.name) == ["mysql", "router", "app", "app-2", "nginx"])
    }

    @Test("wakes whoever waits for a turn when the turn comes", .timeLimit(.minutes(1)))
    func waiting() async throws {
        let board = TopologyBoard(
            stack: "shop", placement: Placement(epoch: 1, primary: "server1", partner: nil), members: [])
        let reports = ServiceReports([Self.mysql, Self.router], board: board)
        let waiting = Task { await reports.waitForTurn(of: Self.router) }
        try await eventually("it waits") { await board.waiting > 0 }
        reports.set(ServiceReport(status: ServiceStatus(of: Self.mysql), isSettled: true))
        await reports.changed()
        await waiting.value
        #expect(!reports.areAllSettled)
        reports.set(ServiceReport(status: ServiceStatus(of: Self.router), isSettled: true))
        await reports.waitUntilAllAreSettled()
        #expect(reports.areAllSettled)
    }
}

@Suite("What is said of a service")
struct ServiceStatementTests {
    private static let service = ServiceBlueprint(
        name: .nginx, command: ["/bin/true"], workingDirectory: "/", readiness: .database,
        startTimeoutSeconds: 1, stop: .init(signal: 15, boundSeconds: 1),
        listeners: [.init(address: "127.200.9.1", port: 4443, reach: .stack)])

    @Test("is said once, and again when something of it changes")
    func once() {
        var statement = ServiceStatement(Self.service)
        statement.say(.running, since: "2026-01-01T00:00:00Z", detail: nil)
        let report = statement.news(pid: 7, restarts: 0, stranger: nil)
        #expect(report?.status.state == .running && report?.status.pid == 7)
        #expect(report?.status.since == "2026-01-01T00:00:00Z")
        #expect(statement.news(pid: 7, restarts: 0, stranger: nil) == nil)
        statement.isSettled = true
        #expect(statement.news(pid: 7, restarts: 0, stranger: nil)?.isSettled == true)
    }

    @Test("is that a service failed which runs while another's program has its port, and takes that back")
    func stranger() {
        var statement = ServiceStatement(Self.service)
        statement.say(.running, since: nil, detail: "as ever")
        let report = statement.news(pid: 7, restarts: 0, stranger: "somebody")
        #expect(report?.status.state == .failed && report?.status.detail == "somebody\nas ever")
        #expect(statement.news(pid: 7, restarts: 0, stranger: nil)?.status.state == .running)
        statement.say(.stopped, since: nil, detail: nil)
        let stopped = statement.news(pid: 7, restarts: 0, stranger: "somebody")
        #expect(stopped?.status.state == .stopped && stopped?.status.pid == nil && stopped?.status.detail == nil)
    }

    @Test("is of mysqld what its agent knows of the database, too")
    func database() {
        var status = ServiceStatus(name: "mysql", state: .starting, address: "", since: "")
        let member = DatabaseMember(
            host: "server1", address: "127.200.9.1", port: 3306, role: .primary, state: .waiting, detail: "it waits")
        #expect(status.with(member).detail == "it waits")
        // A process that has ended says more of it than a database that is gone.
        status.detail = "it exited with status 1"
        #expect(status.with(member).detail == "it exited with status 1")
        status = ServiceStatus(name: "nginx", state: .starting, address: "", since: "")
        #expect(status.with(member) == status)
        #expect(status.with(nil) == status)
    }
}

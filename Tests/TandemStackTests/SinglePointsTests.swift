import TandemStack
import Testing

@Suite("Single points of failure")
struct SinglePointsTests {
    private func found(_ hosts: String, app: String = "run: x") throws -> [String] {
        let stack = try load("stack: shop\napp: {\(app)}\n\(hosts)")
        return SinglePoints(stack: stack).found.map {
            "\($0.name): \($0.stops.map(\.rawValue).joined(separator: ", "))"
        }
    }

    private static let pair = """
        hosts:
          lb1: {address: 10.0.0.1, roles: [balancer]}
          lb2: {address: 10.0.0.2, roles: [balancer]}
          server1: {address: 10.0.0.3, roles: [web, app, database]}
          server2: {address: 10.0.0.4, roles: [web, app, database]}
        """

    @Test("On one machine only the machine is one")
    func laptop() throws { #expect(try found("") == ["this machine: reads, writes"]) }

    @Test("Machines of their own leave nothing at all, with a vote on three of them")
    func fleet() throws { #expect(try found(Self.pair).isEmpty) }

    @Test("Where two hosts are all there is, the one with the only vote is one")
    func oneVoter() throws {
        let stack = try load(
            """
            stack: shop
            app: {run: x}
            hosts:
              server1: {address: 10.0.0.3, roles: [balancer, web, app, database]}
              server2: {address: 10.0.0.4, roles: [balancer, web, app, database]}
            """)
        #expect(stack.voters.map(\.name) == ["server1"])
        let points = SinglePoints(stack: stack).found
        #expect(points.map(\.name) == ["mysql on server1", "server1"])
        #expect(points.first?.remedy == "have three voters on hosts of their own")
        // The one that leads may be the other.
        let moved = SinglePoints(stack: stack, primary: "server2").found
        #expect(moved.map(\.name) == ["mysql on server1", "server1"])
        #expect(moved.first?.reason.contains("it has to confirm each write") == true)
    }

    @Test("A third replica may be lost")
    func thirdReplica() throws {
        let found = try found(Self.pair + "\n  db3: {address: 10.0.0.5, roles: [database]}\n")
        #expect(!found.contains { $0.contains("db3") })
    }

    @Test("Everything that is there once is named, each process and its host")
    func loneRoles() throws {
        let found = try found(
            """
            hosts:
              lb: {address: 10.0.0.1, roles: [balancer]}
              web: {address: 10.0.0.2, roles: [web]}
              app: {address: 10.0.0.3, roles: [app]}
              db: {address: 10.0.0.4, roles: [database]}
            """)
        #expect(
            found == [
                "haproxy on lb: reads, writes", "nginx on web: reads, writes", "nginx on app: reads, writes",
                "app on app: reads, writes", "router on app: reads, writes", "mysql on db: reads, writes",
                "lb: reads, writes", "web: reads, writes", "app: reads, writes", "db: reads, writes",
            ])
    }

    @Test("Of two instances one may go, but not the host of both")
    func instances() throws {
        let found = try found(
            """
            hosts:
              lb1: {address: 10.0.0.1, roles: [balancer, web, database]}
              lb2: {address: 10.0.0.2, roles: [balancer, web, app, database]}
              lb3: {address: 10.0.0.3, roles: [witness]}
            """, app: "run: x, instances: 2")
        #expect(
            found == [
                "nginx on lb2: reads, writes", "router on lb2: reads, writes", "lb2: reads, writes",
            ])
    }

    @Test("Each says why, and what would end it")
    func words() throws {
        for point in SinglePoints(stack: try load("stack: shop\napp: {run: x}\n")).found {
            #expect(!point.reason.isEmpty && !point.remedy.isEmpty && !point.stops.isEmpty)
        }
    }
}

import TandemStack
import Testing

@Suite("Single points of failure")
struct SinglePointsTests {
    private func found(_ hosts: String, app: String = "run: x", failover: SinglePoints.Failover = .none) throws
        -> [String]
    {
        let stack = try load("stack: shop\napp: {\(app)}\n\(hosts)")
        return SinglePoints(stack: stack, failover: failover).found.map {
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

    @Test("On one machine the machine is one, and so are both databases while nothing fails over")
    func laptop() throws {
        #expect(
            try found("") == [
                "mysql on server1: writes", "mysql on server2: writes", "server1: writes", "server2: writes",
                "this machine: reads, writes",
            ])
    }

    @Test("The primary is who leads, and not who stands first in the file")
    func movedPrimary() throws {
        let stack = try load(
            "stack: shop\napp: {run: x}\n\(Self.pair)\n  db3: {address: 10.0.0.5, roles: [database]}\n")
        let points = SinglePoints(stack: stack, primary: "server2").found.filter { $0.service == "mysql" }
        #expect(points.map(\.host) == ["server2", "server1"])
        #expect(points.first?.reason.contains("it is the primary") == true)
    }

    @Test("Machines of their own leave the databases, and three voters nothing at all")
    func fleet() throws {
        #expect(
            try found(Self.pair) == [
                "mysql on server1: writes", "mysql on server2: writes", "server1: writes", "server2: writes",
            ])
        #expect(try found(Self.pair, failover: .automatic(voters: ["server1", "server2", "lb1"])).isEmpty)
    }

    @Test("Two voters are as good as none: with either gone there is no majority")
    func twoVoters() throws {
        let found = try found(Self.pair, failover: .automatic(voters: ["server1", "server2"]))
        #expect(
            found == ["mysql on server1: writes", "mysql on server2: writes", "server1: writes", "server2: writes"])
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
            """, app: "run: x, instances: 2", failover: .automatic(voters: ["lb1", "lb2", "else"]))
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

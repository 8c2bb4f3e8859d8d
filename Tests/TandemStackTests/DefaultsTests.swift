import Testing

@testable import TandemStack

@Suite("What the smallest file declares")
struct DefaultsTests {
    @Test("The smallest file is a whole stack on this machine")
    func smallestFile() throws {
        let servers: [Role] = [.web, .app, .database]
        let expected = Stack(
            name: "shop",
            domain: "localhost",
            hosts: [
                Host(name: "lb1", address: "127.93.100.11", roles: [.balancer]),
                Host(name: "lb2", address: "127.93.100.12", roles: [.balancer]),
                Host(name: "server1", address: "127.93.100.21", roles: servers),
                Host(name: "server2", address: "127.93.100.22", roles: servers),
            ],
            balancer: Balancer(
                algorithm: .roundrobin, httpPort: Port(8080, isFixed: false), httpsPort: Port(8443, isFixed: false),
                maxConnections: 4000),
            web: Web(staticFolder: nil, bodyLimitBytes: 32 << 20),
            app: App(
                run: "./shop serve", workingDirectory: "/srv/shop", health: "/health", environment: [:], secrets: [:],
                instances: 1, startTimeoutSeconds: 30, requestTimeoutSeconds: 30, stopTimeoutSeconds: 10),
            database: Database(name: "shop", settings: [:]),
            engines: Engines(),
            fileName: "tandem.yaml")
        #expect(try load(smallest) == expected)
        #expect(expected.isOnThisMachine)
    }

    @Test("On hosts with addresses of their own the front has the usual ports")
    func portsOnTheNetwork() throws {
        let stack = try load(smallest + "hosts:\n  one: {address: 10.1.2.3, roles: [balancer, web, app, database]}\n")
        #expect(stack.balancer.httpPort == Port(80, isFixed: false))
        #expect(stack.balancer.httpsPort == Port(443, isFixed: false))
        #expect(!stack.isOnThisMachine)
    }

    @Test("The database is called like the stack, with underscores")
    func databaseName() throws {
        #expect(try load("stack: my-little-shop\napp: {run: x}").database.name == "my_little_shop")
    }

    @Test("A section whose keys are all commented out is an empty one")
    func emptySection() throws {
        let text = "stack: shop\nweb:\n  # static: public\nbalancer:\napp:\n  run: ./shop serve\n  env:\n  timeouts:\n"
        #expect(try load(text) == load(smallest))
    }
}

import Testing

@testable import TandemStack

@Suite("Hosts")
struct HostsTests {
    private let everything = "roles: [balancer, web, app, database]"

    @Test("Hosts stay in the order of the file, their roles in the order of the stack")
    func order() throws {
        let hosts = try load(
            smallest + """
                hosts:
                  zoe: {address: 10.0.0.9, roles: [database, app]}
                  adam: {address: 10.0.0.8, roles: [web, balancer]}
                """
        ).hosts
        #expect(
            hosts == [
                Host(name: "zoe", address: "10.0.0.9", roles: [.app, .database]),
                Host(name: "adam", address: "10.0.0.8", roles: [.balancer, .web]),
            ])
    }

    @Test("One role needs no list, and a host may have a name that YAML takes for a boolean")
    func kindness() throws {
        let hosts = try load(smallest + "hosts:\n  no: {\(everything)}\n  on: {roles: web}\n").hosts
        #expect(hosts.map(\.name) == ["no", "on"])
        #expect(hosts[1].roles == [.web])
    }

    @Test("A host without an address keeps the one it had, whoever comes or goes")
    func sticky() throws {
        let file = smallest + "hosts:\n  lb2: {roles: balancer}\n  new: {roles: balancer}\n  one: {\(everything)}\n"
        func addresses(_ last: [String: String]) throws -> [String] {
            try StackFile(text: file, name: "tandem.yaml", folder: "/srv/shop", lastAddresses: last).load().hosts
                .map(\.address)
        }
        #expect(try addresses([:]) == ["127.93.100.11", "127.93.100.12", "127.93.100.21"])
        #expect(
            try addresses(["lb1": "127.93.100.11", "lb2": "127.93.100.12"]) == [
                "127.93.100.12", "127.93.100.11", "127.93.100.21",
            ])
        // Not one of another network, nor one that two hosts had.
        #expect(
            try addresses(["lb2": "10.0.0.1", "new": "127.93.100.12", "one": "127.93.100.12"]) == [
                "127.93.100.11", "127.93.100.12", "127.93.100.21",
            ])
    }

    @Test("Roles may sit on any hosts, in any number")
    func split() throws {
        var text = smallest + "hosts:\n"
        for (role, count) in [("balancer", 2), ("web", 3), ("app", 4), ("database", 5)] {
            for number in 1...count { text += "  \(role)\(number): {roles: [\(role)]}\n" }
        }
        let stack = try load(text)
        #expect(Role.required.map { stack.hosts($0).count } == [2, 3, 4, 5])
        #expect(stack.hosts(.balancer).map(\.address) == ["127.93.100.11", "127.93.100.12"])
        #expect(stack.hosts(.web).map(\.address) == ["127.93.100.21", "127.93.100.22", "127.93.100.23"])
        #expect(stack.hosts(.database).last?.address == "127.93.100.32")
    }

    @Test("Addresses that are given out keep clear of those in the file")
    func mixedLoopback() throws {
        let hosts = try load(
            smallest
                + "hosts:\n  one: {\(everything)}\n  two: {address: 127.93.100.21, roles: [web]}\n  three: {roles: [web]}\n"
        ).hosts
        #expect(hosts.map(\.address) == ["127.93.100.22", "127.93.100.21", "127.93.100.23"])
    }

    @Test("Two hundred hosts fit on one machine, each with an address of its own")
    func twoHundred() throws {
        func file(_ count: Int, _ role: String) -> String {
            smallest + "hosts:\n  all: {\(everything)}\n"
                + (1..<count).map { "  h\($0): {roles: [\(role)]}\n" }.joined()
        }
        for role in ["balancer", "web"] {
            let addresses = try load(file(200, role)).hosts.map(\.address)
            #expect(Set(addresses).count == 200)
            #expect(addresses.allSatisfy { Grammar.isAddress($0) && $0.hasPrefix("127.93.100.") })
        }
        #expect(
            errors(file(201, "web"))
                == "tandem.yaml:205:3: error: hosts: 201 hosts on this machine; expected at most 200 where hosts have no "
                + "addresses on the network")
    }

    @Test("A thousand hosts on the network load in well under a second")
    func thousand() throws {
        let text =
            smallest + "hosts:\n"
            + (0..<1000).map { "  h\($0): {address: 10.0.\($0 / 250).\($0 % 250 + 1), \(everything)}\n" }.joined()
        let start = ContinuousClock.now
        #expect(try load(text).hosts.count == 1000)
        // 0.05 s in a debug build. A loader whose work grows with the square would take half a minute.
        #expect(ContinuousClock.now - start < .seconds(15))
    }

    @Test("The loopback network follows from the stack's name alone")
    func network() {
        var networks: Set<String> = []
        for number in 0..<2000 {
            let network = LoopbackAddresses(stack: "stack-\(number)", taken: []).network
            let parts = network.split(separator: ".").compactMap { Int($0) }
            #expect(
                parts.count == 3 && parts[0] == 127 && (16...126).contains(parts[1]) && (0...255).contains(parts[2]))
            networks.insert(network)
        }
        #expect(networks.count > 1850)
    }
}

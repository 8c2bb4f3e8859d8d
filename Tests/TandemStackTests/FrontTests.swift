import Testing

@testable import TandemStack

@Suite("The address that moves")
struct FrontTests {
    /// Its hosts begin in line 3.
    private static func file(_ front: String, balancers: Int = 2, network: String = "10.0.0.") -> String {
        let more = (0..<balancers).map { "  lb\($0 + 1): {address: \(network)\($0 + 11), roles: [balancer]}\n" }
        return "stack: shop\napp: {run: x}\nfront: \(front)\nhosts:\n"
            + "  server1: {address: \(network)100, roles: [web, app, database\(balancers == 0 ? ", balancer" : "")]}\n"
            + more.joined()
    }

    @Test("One address needs no list, a length is part of it, and each balancer is the first to have one")
    func values() throws {
        #expect(try load(Self.file("")).front == nil)
        let one = try load(Self.file("{address: 10.0.0.9}"))
        #expect(one.front == Front(addresses: [MovingAddress(address: "10.0.0.9", prefixLength: 32)]))
        let both = try load(Self.file("{address: [10.0.0.8/24, 10.0.0.9], interface: enp1s0.7}"))
        #expect(both.front?.interface == "enp1s0.7")
        #expect(both.frontAddresses.map(\.prefixLength) == [24, 32])
        #expect(both.balancers(forAddress: 0).map(\.name) == ["lb1", "lb2"])
        #expect(both.balancers(forAddress: 1).map(\.name) == ["lb2", "lb1"])
    }

    @Test("None is a word of its own, and says what no word says: nothing moves")
    func none() throws {
        #expect(try load(Self.file("{address: none}")).front == Front(addresses: []))
        #expect(try load(Self.file("{address: none}", balancers: 1)).frontAddresses.isEmpty)
        #expect(try load(smallest + "front: {address: none}\n").frontAddresses.isEmpty)
    }

    static let mistakes = [
        (
            "{address: 10.0.0.100}", "3:18",
            "10.0.0.100 is the address of server1, which keeps it; expected one that no host has"
        ),
        ("{address: [10.0.0.9, 10.0.0.9/24]}", "3:29", "10.0.0.9 is in the list twice; first in line 3"),
        (
            "{address: \"fd00::9\"}", "3:18",
            "hosts have IPv4 addresses; expected an address of the same kind, found 'fd00::9'"
        ),
        (
            "{address: 127.0.0.9}", "3:18",
            "127.0.0.9 is a loopback address; expected one of the network that the balancers share"
        ),
        (
            "{address: 10.0.0.0/24}", "3:18",
            "10.0.0.0/24 stands for a network as a whole; expected the address of one machine in it"
        ),
        (
            "{address: 10.0.0.255/24}", "3:18",
            "10.0.0.255/24 stands for a network as a whole; expected the address of one machine in it"
        ),
        (
            "{address: [10.0.0.7, 10.0.0.8, 10.0.0.9]}", "3:39",
            "3 addresses for 2 balancers; expected at most one for each"
        ),
    ]

    @Test("A mistake is told in its place", arguments: mistakes)
    func mistake(front: String, place: String, message: String) {
        #expect(errors(Self.file(front)) == "tandem.yaml:\(place): error: front.address: \(message)")
    }

    @Test(
        "What is no address is told with what would be one",
        arguments: [
            "[]", "[none]", "10.0.0.9/33", "10.0.0.9/0", "10.0.0.9/", "10.0.0.09", "vip.example.com", "[[10.0.0.9]]",
            "{a: 1}", "224.0.0.18", "\"\"",
        ])
    func strange(address: String) {
        let text = errors(Self.file("{address: \(address)}"))
        #expect(
            text.contains("front.address: expected an IPv4 address such as 10.0.0.100, a list of them, or none, found"))
        #expect(text.split(separator: "\n").count == 1, "\(text)")
    }

    @Test(
        "Interfaces have names that Linux gives them", arguments: ["-eth0", "eth0 ", "a/b", "\"\"", "sixteencharacter"])
    func interfaces(name: String) {
        let text = errors(Self.file("{address: 10.0.0.9, interface: '\(name)'}"))
        #expect(text.contains("front.interface: expected the name of a network interface"), "\(text)")
        #expect(errors(Self.file("{interface: eth0}")).contains("there is no front.address that could be put on it"))
    }

    @Test("An address needs two machines to move between, and not too many")
    func balancers() {
        #expect(
            errors(Self.file("{address: 10.0.0.9}", balancers: 0)).contains(
                "3:18: error: front.address: an address moves between balancers, and there is only server1"))
        #expect(errors(Self.file("{address: 10.0.0.9}", balancers: 16)) == "")
        #expect(
            errors(Self.file("{address: 10.0.0.9}", balancers: 17)).contains(
                "17 hosts are balancers; expected at most 16"))
        for text in [Self.file("{address: 10.0.0.9}", network: "127.0.0."), smallest + "front: {address: 10.0.0.9}\n"] {
            #expect(errors(text).contains("the hosts of this stack are this one machine, so there is nowhere to move"))
        }
    }

    @Test("What is wrong with the hosts is told once, and what is wrong elsewhere hides nothing")
    func once() {
        let broken = Self.file("{address: 10.0.0.9}").replacing("[balancer]", with: "[balancr]")
        #expect(!errors(broken).contains("front.address"))
        let both = errors(Self.file("{address: 10.0.0.100}").replacing("{run: x}", with: "{run: x, rn: y}"))
        #expect(both.contains("front.address") && both.contains("unknown key 'rn'"))
    }

    @Test("A stack that was applied before there were such addresses is read as it was")
    func older() {
        #expect(MovingAddress("10.0.0.9/24") == MovingAddress(address: "10.0.0.9", prefixLength: 24))
        #expect(MovingAddress("10.0.0.9 ") == nil && MovingAddress("10.0.0.9/24/8") == nil)
    }

    @Test("a stack on one machine is shown to the network on the address that the file says")
    func listen() throws {
        let stack = try load(smallest + "front: {listen: 192.168.1.20}\n")
        #expect(stack.listenAddress == "192.168.1.20" && stack.isShownToNetwork)
        #expect(stack.shownAddress == "192.168.1.20")
        #expect(stack.url.contains("https://192.168.1.20:"))
        let alone = try load(smallest)
        #expect(alone.listenAddress == "127.0.0.1" && !alone.isShownToNetwork && alone.shownAddress == nil)
        #expect(try !load(smallest + "front: {listen: 127.0.0.5}\n").isShownToNetwork)
        let named = try load(smallest + "domain: shop.test\nfront: {listen: 192.168.1.20}\n")
        #expect(named.url.contains("https://shop.test:"))
    }

    @Test("hosts of their own have addresses, so nothing is to be said of where they listen")
    func listenElsewhere() throws {
        #expect(throws: (any Error).self) { try load(Self.file("{listen: 10.0.0.9}")) }
        #expect(throws: (any Error).self) { try load(smallest + "front: {listen: everywhere}\n") }
        #expect(throws: (any Error).self) { try load(smallest + "front: {listen: 0.0.0.0}\n") }
    }
}

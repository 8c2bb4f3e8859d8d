import TandemStack
import Testing

@Suite("The hosts that vote")
struct VotersTests {
    private func voters(_ hosts: String...) throws -> [String] {
        let text = hosts.map { host -> String in
            let parts = host.split(separator: " ")
            return "  \(parts[0]): {roles: [\(parts.dropFirst().joined(separator: ", "))]}\n"
        }
        return try load(smallest + "hosts:\n" + text.joined()).voters.map(\.name)
    }

    @Test("are on a laptop both database hosts and the first balancer")
    func laptop() throws {
        #expect(try load(smallest).voters.map(\.name) == ["lb1", "server1", "server2"])
    }

    @Test("are an odd number whatever the hosts are, in the order of the file")
    func odd() throws {
        #expect(try voters("one balancer web app database") == ["one"])
        #expect(try voters("lb balancer", "db web app database") == ["db"])
        #expect(try voters("a balancer web app database", "b balancer web app database") == ["a"])
        #expect(try voters("a web app database", "web1 web", "lb balancer", "b database") == ["a", "lb", "b"])
        #expect(try voters("a balancer web app database", "web1 web", "b database") == ["a", "web1", "b"])
        #expect(try voters("lb balancer", "a web app database", "b database", "c database") == ["a", "b", "c"])
    }

    @Test("are no more than seven, of however many databases")
    func many() throws {
        let databases = (1...9).map { "db\($0): {roles: [database]}" }
        let text = (["one: {roles: [balancer, web, app]}"] + databases).map { "  \($0)\n" }.joined()
        #expect(try load(smallest + "hosts:\n" + text).voters.map(\.name) == (1...7).map { "db\($0)" })
    }

    @Test("are the database hosts and the witnesses, where the file names any")
    func witnesses() throws {
        #expect(
            try voters("lb balancer", "a web app database", "b database", "w witness") == ["a", "b", "w"])
        #expect(try voters("lb1 balancer", "lb2 balancer witness", "a web app database", "b database").contains("lb2"))
        #expect(
            try voters("w1 balancer witness", "w2 web witness", "a app database") == ["w1", "w2", "a"])
    }
}

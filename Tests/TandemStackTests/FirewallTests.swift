import Testing

@testable import TandemStack

@Suite("What hosts let in")
struct FirewallTests {
    @Test(
        "Networks are addresses of either kind, alone or with a length",
        arguments: [
            "10.0.0.0/8", "203.0.113.7", "0.0.0.0/0", "255.255.255.255/32", "2001:db8::/32", "::/0", "::1",
            "fe80::1:2:3:4",
            "1:2:3:4:5:6:7:8/128", "ABCD::",
        ])
    func networks(text: String) {
        #expect(Network(text)?.text == text)
    }

    @Test(
        "Nothing else is one",
        arguments: [
            "", "/8", "10.0.0/8", "10.0.0.256", "10.0.0.0/33", "010.0.0.0/8", "10.0.0.0/", "10.0.0.0/8/8",
            "10.0.0.0 /8", "a.b.c.d",
            "2001:db8::/129", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "1::2::3", ":::", "12345::", "g::",
            "::ffff:10.0.0.1", "fe80::1%eth0",
            "1:2:3:4:5:6:7:8::", ":1:2:3:4:5:6:7", "10.0.0.0/8, drop", "10.0.0.0-10.0.0.9",
        ])
    func strange(text: String) {
        #expect(Network(text) == nil)
    }

    @Test("One network needs no list, and what is declared is part of what is applied")
    func values() throws {
        #expect(try load(smallest).firewall == nil)
        let one = try #require(Network("10.0.0.0/8"))
        #expect(try load(smallest + "firewall: {ssh: 10.0.0.0/8}\n").firewall == Firewall(ssh: [one]))
        let both = try load(smallest + "firewall: {ssh: [10.0.0.0/8, \"2001:db8::/32\"]}\n").firewall
        #expect(both?.ssh?.map(\.isIPv6) == [false, true])
    }

    @Test("Mistakes are told in their place, and a list without a network would lock everybody out")
    func mistakes() {
        #expect(
            errors(smallest + "firewall: {ssh: [10.0.0.0/8, office, [10.0.0.1]]}\n")
                == """
                tandem.yaml:4:30: error: firewall.ssh: expected a list of networks such as 10.0.0.0/8 or 2001:db8::/32, found 'office'
                tandem.yaml:4:38: error: firewall.ssh: expected a list of networks such as 10.0.0.0/8 or 2001:db8::/32, found a list
                """)
        #expect(
            errors(smallest + "firewall: {ssh: []}\n")
                == "tandem.yaml:4:17: error: firewall.ssh: expected a list of networks such as 10.0.0.0/8 or 2001:db8::/32, found an empty list"
        )
        #expect(
            errors(smallest + "firewall: {sh: 10.0.0.0/8}\n").contains(
                "unknown key 'sh' in firewall; did you mean 'ssh'?"))
    }
}

import Testing

@testable import TandemDrill

@Suite("Which packets a drill drops")
struct CutRulesTests {
    private static let table = """
          sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
           0: 1500D37F:0CEA 00000000:0000 0A 00000000:00000000 00:00000000 00000000   909        0 100 1 0 100 0 0 10 0
           1: 1500D37F:0CEA 0100007F:9C40 01 00000000:00000000 00:00000000 00000000   909        0 101 1 0 20 4 0 10 -1
           2: 0100007F:9C40 1500D37F:0CEA 01 00000000:00000000 00:00000000 00000000   909        0 201 1 0 20 4 0 10 -1
           3: 1500D37F:0CEA 0100007F:9C42 01 00000000:00000000 00:00000000 00000000   909        0 102 1 0 20 4 0 10 -1
           4: 0100007F:9C42 1500D37F:0CEA 01 00000000:00000000 00:00000000 00000000   909        0 103 1 0 20 4 0 10 -1
           5: 0100007F:9C44 1600D37F:0CEA 01 00000000:00000000 00:00000000 00000000   909        0 104 1 0 20 4 0 10 -1
           6: 0100007F:9C46 1600D37F:0CEA 06 00000000:00000000 03:00000000 00000000     0        0 0 3
        """

    private func ends(_ ways: Set<CutRules.Way>) -> Set<String> {
        Set(ways.map { "\($0.from.address):\($0.from.port) > \($0.to.address):\($0.to.port)" })
    }

    @Test("of a host that is cut off, what its processes say to each other goes on, and nothing else")
    func crossing() {
        let table = TCPTable(Self.table)
        #expect(table.connections.count == 5, "neither the listening socket nor the one that is over")
        #expect(
            ends(table.crossing([100, 101, 102, 103, 104])) == [
                "127.211.0.21:3306 > 127.0.0.1:40000", "127.0.0.1:40000 > 127.211.0.21:3306",
                "127.0.0.1:40004 > 127.211.0.22:3306", "127.211.0.22:3306 > 127.0.0.1:40004",
            ])
        #expect(table.crossing([7]).isEmpty)
    }

    @Test(
        "of servers that copy from each other, what they have opened to each other is cut, and no client's connection")
    func opened() {
        #expect(
            ends(TCPTable(Self.table).opened(by: [100, 101, 102, 104], to: ["127.211.0.21", "127.211.0.22"])) == [
                "127.0.0.1:40004 > 127.211.0.22:3306", "127.211.0.22:3306 > 127.0.0.1:40004",
            ])
    }

    @Test("what another machine's clients have opened to a server stays")
    func accepted() {
        // 10.0.0.21 listens, and has a client of 10.0.0.22's; its own replication goes the other way.
        let table = """
              sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
               0: 1500000A:0CEA 00000000:0000 0A 00000000:00000000 00:00000000 00000000   909        0 100 1 0 100 0 0 10 0
               1: 1500000A:0CEA 1600000A:9C40 01 00000000:00000000 00:00000000 00000000   909        0 101 1 0 20 4 0 10 -1
               2: 1500000A:9C44 1600000A:0CEA 01 00000000:00000000 00:00000000 00000000   909        0 102 1 0 20 4 0 10 -1
            """
        #expect(
            ends(TCPTable(table).opened(by: [100, 101, 102], to: ["10.0.0.22"])) == [
                "10.0.0.21:40004 > 10.0.0.22:3306", "10.0.0.22:3306 > 10.0.0.21:40004",
            ])
    }

    @Test("the rules lie in a table of the stack's own, and have the names that the kernel wants")
    func rules() {
        let rules = CutRules(
            stack: "my-shop", groups: ["unified/tandem-drill-my-shop"], own: "127.211.0.21",
            others: ["127.211.0.11", "127.211.0.22"])
        #expect(rules.text.hasPrefix("table inet tandem_drill_my_shop {"))
        #expect(rules.text.contains("socket cgroupv2 level 1 \"unified/tandem-drill-my-shop\" accept"))
        #expect(rules.text.contains("ip daddr { 127.211.0.11, 127.211.0.22 }"))
        #expect(CutRules.level("user.slice/user-0.slice/tandem-drill-x") == 3)
        #expect(rules.adding([]) == nil)
        let way = CutRules.Way(from: .init(address: "127.0.0.1", port: 9), to: .init(address: "127.211.0.22", port: 80))
        #expect(
            rules.adding([way])
                == "add element inet tandem_drill_my_shop crossing { 127.0.0.1 . 9 . 127.211.0.22 . 80 }\n")
    }

    @Test("where the other end is another machine, packets are dropped where they are sent")
    func otherMachine() {
        let rules = CutRules(
            stack: "farm", groups: ["system.slice/tandem-farm.service/tandem-drill-farm"], own: nil,
            others: ["10.0.0.22"],
            isOtherMachine: true)
        #expect(
            rules.text.contains(
                #"""
                ip saddr . tcp sport . ip daddr . tcp dport @crossing counter drop
                        ip daddr { 10.0.0.22 } tcp flags & (fin | syn | rst | ack) == syn socket cgroupv2 level 3 "system.slice/tandem-farm.service/tandem-drill-farm" counter drop
                """#), "\(rules.text)")
    }

    @Test("a machine that is cut off keeps SSH, and what stays on it")
    func machine() {
        let text = HostCutRules(stack: "farm", sshPorts: [22, 2222], addresses: ["10.0.0.100"]).text
        #expect(text.hasPrefix("table inet tandem_drill_farm {"))
        for rule in [
            "iif lo accept", "tcp dport { 22, 2222 } accept", "oif lo accept", "tcp sport { 22, 2222 } accept",
        ] {
            let place = text.firstRange(of: rule)
            #expect(place != nil, "\(rule)")
        }
        #expect(text.ranges(of: "counter drop").count == 2, "one for each direction, last")
        #expect(text.contains("table arp tandem_drill_farm {") && text.contains("arp saddr ip 10.0.0.100 drop"))
    }

    @Test("dropped packets are counted over all rules")
    func dropped() {
        let listing = "meta mark 0x7a counter packets 12 bytes 720 drop\n x counter packets 3 bytes 9 drop\n packets 7"
        #expect(CutRules.dropped(listing) == 15)
        #expect(CutRules.dropped("") == 0)
    }
}

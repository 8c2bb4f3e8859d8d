import Foundation
import TandemFailover
import Testing

@Suite("What the failover writes into etcd and sends")
struct WireFormTests {
    private let names = HostNames(["server1", "server2", "lb1"])

    private func text(_ value: some Encodable, _ names: HostNames? = nil) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        encoder.userInfo[HostNames.key] = names ?? self.names
        return String(decoding: try encoder.encode(value), as: UTF8.self)
    }

    private func value<Value: Decodable>(_ text: String, _ names: HostNames? = nil) throws -> Value {
        let decoder = JSONDecoder()
        decoder.userInfo[HostNames.key] = names ?? self.names
        return try decoder.decode(Value.self, from: Data(text.utf8))
    }

    private func holds<Value: Codable & Equatable>(_ value: Value, _ form: String) throws {
        #expect(try text(value) == form)
        #expect(try self.value(form) == value)
    }

    @Test("state names the primary and how it stands, by the names of hosts")
    func state() throws {
        let one = HostID(0)
        let two = HostID(1)
        try holds(
            StateRecord(epoch: 3, primary: one, standing: .alone),
            #"{"epoch":3,"primary":"server1","standing":"alone"}"#)
        try holds(
            StateRecord(epoch: 3, primary: one, standing: .joining(two)),
            #"{"candidate":"server2","epoch":3,"primary":"server1","standing":"joining"}"#)
        try holds(
            StateRecord(epoch: 3, primary: one, standing: .paired(two)),
            #"{"epoch":3,"partner":"server2","primary":"server1","standing":"paired"}"#)
    }

    @Test("leader, intent and history")
    func otherKeys() throws {
        try holds(LeaderRecord(host: HostID(1), epoch: 4), #"{"epoch":4,"host":"server2"}"#)
        try holds(
            SwitchoverIntent(id: 0, to: HostID(1), pauseBudget: 3_000),
            #"{"pause_budget_milliseconds":3000,"to":"server2"}"#)
        try holds(
            SwitchoverIntent(id: 0, to: HostID(1), pauseBudget: 3_000, forcedAtRevision: 71),
            #"{"forced_at_revision":71,"pause_budget_milliseconds":3000,"to":"server2"}"#)
        let causes: [(HistoryRecord.Cause, String)] = [
            (.founded, "founded"), (.adopted, "adopted"), (.forced, "forced"),
            (.takenOver(.switchover), "switchover"), (.takenOver(.serverDown), "server_down"),
            (.takenOver(.primaryUnheard), "primary_unheard"), (.takenOver(.leaseLost), "lease_lost"),
            (.takenOver(.agentGone), "agent_gone"), (.takenOver(.nothingReceived), "nothing_received"),
        ]
        for (cause, word) in causes {
            try holds(
                HistoryRecord(epoch: 4, primary: HostID(1), previous: HostID(0), cause: cause),
                #"{"cause":"\#(word)","epoch":4,"previous":"server1","primary":"server2"}"#)
        }
    }

    @Test("What agents tell each other")
    func peers() throws {
        let status = PeerStatus(
            epoch: 3, stateRevision: 71, serverAnswers: true, takesCommits: true, hears: HostSet(HostID(0), HostID(2)))
        let flags =
            #""acknowledges":false,"epoch":3,"follows_closely":false,"fresh":false,"hands_over":false,"hears":["server1","lb1"],"#
            + #""held":false,"holds_data":true,"remembers_stack":false,"server_answers":true,"state_revision":71,"takes_commits":true,"#
            + #""will_not_acknowledge":false"#
        try holds(status, "{\(flags)}")
    }

    @Test(
        "Agents with two lists of hosts mean the same hosts, and a host that one of them lacks is an error, not another host"
    )
    func twoLists() throws {
        let other = HostNames(["server0", "server1"])
        let record: StateRecord = try value(#"{"epoch":3,"primary":"server1","standing":"alone"}"#, other)
        #expect(record.primary == HostID(1))
        #expect(throws: UnknownHost.self) {
            let _: StateRecord = try value(
                #"{"epoch":3,"partner":"server2","primary":"server1","standing":"paired"}"#, other)
        }
        // Whom another host hears does no harm where it is not known.
        let hears: HostSet = try value(#"["server1","server2"]"#, other)
        #expect(hears == HostSet(HostID(1)))
    }

    @Test("Sets of transactions are read and written as MySQL does")
    func gtids() throws {
        let one = "3e11fa47-71ca-11e1-9e33-c80aa9429562"
        let two = "4e11fa47-71ca-11e1-9e33-c80aa9429562"
        var sources = GTIDSources()
        let set = try GTIDSet(text: "\(one.uppercased()):1-5:7,\n\(two):batch:1-3:9", sources: &sources)
        #expect(set.text(sources) == "\(one):1-5:7,\(two):batch:1-3:9")
        #expect(try GTIDSet(text: "", sources: &sources).isEmpty)
        #expect(try GTIDSet(text: "\(two):batch:2", sources: &sources).isSubset(of: set))
        for text in ["x", "\(one)", "\(one):5-3", "\(one):0", "\(one):1-2-3", "\(one):1-x"] {
            #expect(throws: GTIDTextError.self) { try GTIDSet(text: text, sources: &sources) }
        }
    }
}

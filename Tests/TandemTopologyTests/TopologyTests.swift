import Foundation
import TandemTopology
import Testing

private func json(_ value: some Encodable) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(value), as: UTF8.self)
}

/// Both ways: what is written is the documented text, and that text is read as the same value.
private func expectJSON<Value: Codable & Equatable>(
    _ value: Value, _ text: String, sourceLocation: SourceLocation = #_sourceLocation
) throws {
    #expect(try json(value) == text, sourceLocation: sourceLocation)
    #expect(try JSONDecoder().decode(Value.self, from: Data(text.utf8)) == value, sourceLocation: sourceLocation)
}

private func member(_ role: DatabaseMember.Role, _ state: DatabaseMember.State, lag: Double? = nil) -> DatabaseMember {
    DatabaseMember(host: "server1", address: "127.1.1.1", port: 3306, role: role, state: state, lagSeconds: lag)
}

@Suite("What agents say to each other and to clients")
struct WireTests {
    @Test("the topology")
    func topology() throws {
        let value = Topology(
            stack: "shop", epoch: 3, primary: "server1", sync: .pair,
            members: [
                DatabaseMember(
                    host: "server1", address: "127.1.1.1", port: 3306, role: .primary, state: .open, partner: "server2"),
                DatabaseMember(
                    host: "server2", address: "127.1.1.2", port: 3306, role: .replica, state: .disconnected,
                    lagSeconds: 2.5, detail: "receiver: Connecting"),
            ])
        try expectJSON(
            value,
            """
            {
              "epoch" : 3,
              "members" : [
                {
                  "address" : "127.1.1.1",
                  "host" : "server1",
                  "partner" : "server2",
                  "port" : 3306,
                  "role" : "primary",
                  "state" : "open"
                },
                {
                  "address" : "127.1.1.2",
                  "detail" : "receiver: Connecting",
                  "host" : "server2",
                  "lag_seconds" : 2.5,
                  "port" : 3306,
                  "role" : "replica",
                  "state" : "disconnected"
                }
              ],
              "primary" : "server1",
              "stack" : "shop",
              "sync" : "pair"
            }
            """)
        #expect(value.member("server2")?.lagSeconds == 2.5)
        #expect(value.member("server3") == nil)
    }

    @Test("a member's epoch, and what agents say that tell of none")
    func epoch() throws {
        let text = #"{"host":"a","address":"127.1.1.1","port":3306,"role":"primary","state":"open"}"#
        let old = try JSONDecoder().decode(DatabaseMember.self, from: Data(text.utf8))
        #expect(old.epoch == nil && old.knownEpoch == 1)
        var new = old
        new.epoch = 7
        let read = try JSONDecoder().decode(DatabaseMember.self, from: JSONEncoder().encode(new))
        #expect(read == new && read.epoch == 7)
        #expect(try json(new).contains("\"epoch\" : 7"))
    }

    @Test("the status of a host")
    func status() throws {
        try expectJSON(
            HostStatus(
                host: "lb1", pid: 12,
                services: [
                    ServiceStatus(
                        name: "haproxy", state: .running, pid: 34, address: "127.1.1.1:8080",
                        since: "2026-01-01T00:00:00Z", restarts: 2),
                    ServiceStatus(
                        name: "app-2", state: .failed, address: "127.1.1.1:3001", since: "2026-01-01T00:00:00Z",
                        detail: "it exited with status 1"),
                ], database: nil),
            """
            {
              "host" : "lb1",
              "pid" : 12,
              "services" : [
                {
                  "address" : "127.1.1.1:8080",
                  "name" : "haproxy",
                  "pid" : 34,
                  "restarts" : 2,
                  "since" : "2026-01-01T00:00:00Z",
                  "state" : "running"
                },
                {
                  "address" : "127.1.1.1:3001",
                  "detail" : "it exited with status 1",
                  "name" : "app-2",
                  "restarts" : 0,
                  "since" : "2026-01-01T00:00:00Z",
                  "state" : "failed"
                }
              ]
            }
            """)
    }

    @Test("every word for a state stays what it is")
    func words() {
        let services: [ServiceStatus.State] = [.starting, .running, .failed, .stopped]
        #expect(services.map(\.rawValue) == ["starting", "running", "failed", "stopped"])
        let syncs: [Topology.Sync] = [.pair, .solo, .waiting]
        #expect(syncs.map(\.rawValue) == ["pair", "solo", "waiting"])
        #expect(
            allStates.map(\.rawValue) == [
                "starting", "provisioning", "waiting", "open", "streaming", "disconnected", "stopped",
                "failed",
            ])
    }
}

private let allStates: [DatabaseMember.State] = [
    .starting, .provisioning, .waiting, .open, .streaming, .disconnected, .stopped, .failed,
]

@Suite("Where clients may be sent")
struct MemberTests {
    @Test("writes go to a primary that is open or waits for its partner, and nowhere else")
    func writes() {
        for state in allStates {
            #expect(member(.primary, state).takesWrites == (state == .open || state == .waiting), "\(state)")
            #expect(!member(.replica, state).takesWrites, "\(state)")
        }
    }

    @Test("reads go to a primary that takes writes, and to a replica that streams and is not too far behind")
    func reads() {
        for state in allStates {
            #expect(
                member(.primary, state).servesReads(lagBoundSeconds: 10) == [.open, .waiting].contains(state),
                "\(state)")
            #expect(
                member(.replica, state, lag: 10).servesReads(lagBoundSeconds: 10)
                    == [.open, .waiting, .streaming, .disconnected].contains(state), "\(state)")
        }
        #expect(!member(.replica, .streaming, lag: 10.1).servesReads(lagBoundSeconds: 10))
        #expect(!member(.replica, .streaming, lag: nil).servesReads(lagBoundSeconds: 10))
    }

    @Test("a bound that is no number lets nobody read from a replica")
    func notANumber() {
        #expect(!member(.replica, .streaming, lag: 0).servesReads(lagBoundSeconds: .nan))
    }
}

@Suite("Whom a topology lets lead")
struct LeaderTests {
    private func leader(_ role: DatabaseMember.Role, epoch: Int?, of topology: Int = 2) -> String? {
        var member = member(role, .open)
        member.epoch = epoch
        return Topology(stack: "shop", epoch: topology, primary: "server1", sync: .solo, members: [member]).leader?.host
    }

    @Test("the primary that it names, unless that one knows less than others do")
    func leader() {
        #expect(leader(.primary, epoch: 2) == "server1")
        #expect(leader(.primary, epoch: nil) == "server1", "members of earlier versions have no epoch")
        #expect(leader(.primary, epoch: 1) == nil)
        #expect(leader(.replica, epoch: 2) == nil)
    }
}

@Suite("Who is to lead")
struct PlacementTests {
    @Test("the first database host of the file, with the second as its partner, and further ones follow")
    func intended() {
        #expect(
            Placement.founding(databaseHosts: ["b", "a", "c"]) == Placement(epoch: 1, primary: "b", partner: "a"))
    }

    @Test("a database host without another one stands alone")
    func alone() {
        #expect(Placement.founding(databaseHosts: ["a"]) == Placement(epoch: 1, primary: "a", partner: nil))
    }

    @Test("nobody where there is no database host")
    func nobody() { #expect(Placement.founding(databaseHosts: []) == nil) }

    private static let moved = Placement(epoch: 3, primary: "b", partner: "a")

    private func known(_ said: Topology?, _ recorded: Placement...) -> Placement? {
        Placement.known(said: said, recorded: recorded, databaseHosts: ["a", "b"])
    }

    private func topology(epoch: Int, primary: String) -> Topology {
        Topology(stack: "shop", epoch: epoch, primary: primary, sync: .solo, members: [])
    }

    @Test("is asked of who runs, then of what was written down, and of the file only before anybody has led")
    func known() {
        let founding = Placement(epoch: 1, primary: "a", partner: "b")
        #expect(known(nil) == founding)
        #expect(known(nil, Self.moved) == Self.moved)
        #expect(known(nil, Placement(epoch: 2, primary: "a", partner: nil), Self.moved, founding) == Self.moved)
        #expect(known(topology(epoch: 4, primary: "a"), Self.moved)?.primary == "a")
        #expect(known(topology(epoch: 3, primary: "a"), Self.moved)?.primary == "a", "what is said is newer")
        // An agent that has just started may know less than it once wrote down.
        #expect(known(topology(epoch: 1, primary: "a"), Self.moved) == Self.moved)
        #expect(known(topology(epoch: 1, primary: "b"))?.primary == "b")
        let other = Placement(epoch: 1, primary: "b", partner: nil)
        #expect(known(nil, other) == other, "the first one to lead need not be the first in the file")
        #expect(Placement.known(said: nil, recorded: [], databaseHosts: []) == nil)
    }

    @Test("of what several agents say, the highest epoch is right, and in one epoch its primary's agent knows best")
    func believed() {
        let old = topology(epoch: 1, primary: "a")
        let new = topology(epoch: 2, primary: "b")
        var own = new
        own.sync = .waiting
        #expect(Topology.believed([("a", old), ("c", new), ("lb", old)]) == new)
        #expect(Topology.believed([("b", own), ("c", new)]) == own)
        #expect(Topology.believed([("c", new), ("b", own), ("a", old)]) == own)
        #expect(Topology.believed([]) == nil)
    }

    @Test("is written down so that the next agent reads the same")
    func json_() throws {
        try expectJSON(
            Placement(epoch: 1, primary: "a", partner: "b"),
            """
            {
              "epoch" : 1,
              "partner" : "b",
              "primary" : "a"
            }
            """)
        try expectJSON(
            Placement(epoch: 1, primary: "a", partner: nil),
            """
            {
              "epoch" : 1,
              "primary" : "a"
            }
            """)
    }
}

import Foundation
import TandemAgent
import TandemStack
import TandemTopology
import Testing

@testable import TandemOperator
@testable import tandem

@Suite("The state of a stack")
struct StackStatusTests {
    @Test("is up when every agent answers, every service runs and writes are acknowledged")
    func up() { #expect(Sample.status().state == .up) }

    @Test("is up with one database host, which has no replica")
    func alone() {
        let hosts = [Sample.host(1, "one", [.balancer] + Sample.all)]
        #expect(Sample.status(hosts, topology: Sample.topology(hosts, sync: .solo)).state == .up)
    }

    @Test("is starting while a service starts, or while the keeper runs and no agent answers yet")
    func starting() {
        let first = Sample.status { $0["lb1"]?.services[0].state = .starting }
        #expect(first.state == .starting)
        #expect(Sample.status { $0 = [:] }.state == .starting)
    }

    @Test("is degraded when a service has failed, even while others start")
    func failed() {
        let status = Sample.status {
            $0["server1"]?.services[2].state = .failed
            $0["server2"]?.services[2].state = .starting
        }
        #expect(status.state == .degraded)
    }

    @Test("is degraded when an agent is away, a service is stopped or the keeper is gone")
    func degraded() {
        #expect(Sample.status { $0["lb2"] = nil }.state == .degraded)
        #expect(Sample.status { $0["lb2"]?.services[0].state = .stopped }.state == .degraded)
        #expect(Sample.status { $0["lb2"]?.services = [] }.state == .degraded)
        #expect(Sample.status(isKept: false).state == .degraded)
    }

    @Test(
        "is degraded when writes wait, or a replica does not stream",
        arguments: [(Topology.Sync.waiting, DatabaseMember.State.streaming), (.pair, .disconnected), (.pair, .failed)])
    func database(_ sync: Topology.Sync, _ replicas: DatabaseMember.State) {
        #expect(Sample.status(topology: Sample.topology(replicas: replicas, sync: sync)).state == .degraded)
    }

    @Test("is degraded when all services run and nobody knows of the database")
    func databaseUnknown() {
        let answers = Dictionary(uniqueKeysWithValues: Sample.laptop.map { ($0.name, Sample.answer($0)) })
        let status = StackStatus(
            applied: Sample.applied(), keeping: StackKeeping(isAlive: true, pid: 7), answers: answers,
            topology: nil)
        #expect(status.state == .degraded)
    }

    @Test("names what answers another host and is not the stack's, and is up all the same")
    func strange() throws {
        #expect(Sample.status().strangeAnswers == nil)
        let status = Sample.status {
            $0["server1"]?.strangeAnswers = StrangeAnswers(
                host: "server2",
                ports: [StrangePort(port: 6379, account: "redis"), StrangePort(port: 9000, account: "\u{1b}[2Jroot")])
            $0["lb2"]?.strangeAnswers = StrangeAnswers(
                host: "server1", ports: [StrangePort(port: 5000, account: "root")])
        }
        #expect(status.state == .up)
        let words = StatusWords(status: status).strangeAnswers
        #expect(
            words.map(\.text) == [
                "A port of server1 answers lb2 and is not the stack's: 5000 (of root).",
                "Ports of server2 answer server1 and are not the stack's: 6379 (of redis), 9000 (of \u{fffd}[2Jroot).",
            ])
        let json = String(decoding: try JSONEncoder().encode(status), as: UTF8.self)
        #expect(json.contains(#""strange_answers":["#) && json.contains(#""asker":"lb2""#), "\(json)")
        let picture = StatusPicture(status: status, now: Date(), columns: 90, style: Style(isColored: false)).text
        #expect(picture.contains("5000 (of root).\nWhat listens there: tandem doctor\n"), "\(picture)")
        let concerns = Concern.all(status: status, failover: nil, silent: [])
        #expect(
            concerns.map(\.next) == ["tandem doctor", "tandem doctor"] && concerns.allSatisfy { $0.level == .notice })
    }

    @Test("is up when a worker of one host runs on one of them, and degraded when it runs on none")
    func workers() {
        func clock(_ first: ServiceStatus.State, _ second: ServiceStatus.State) -> StackStatus {
            Sample.status { answers in
                for (host, state) in [("server1", first), ("server2", second)] {
                    answers[host]?.services.append(ServiceStatus(name: "clock", state: state, address: "", since: ""))
                }
            }
        }
        #expect(clock(.running, .waiting).state == .up && clock(.running, .waiting).unclaimed.isEmpty)
        #expect(clock(.waiting, .waiting).state == .degraded && clock(.waiting, .waiting).unclaimed == ["clock"])
        #expect(clock(.waiting, .starting).state == .starting && clock(.failed, .waiting).state == .degraded)
        let concerns = Concern.all(status: clock(.waiting, .waiting), failover: nil, silent: [])
        #expect(concerns.map(\.what) == ["clock runs on no host: none of them has a claim to it."])
        #expect(Concern.all(status: clock(.waiting, .running), failover: nil, silent: []).isEmpty)
    }

    @Test("is stopped when neither keeper nor any agent is there")
    func stopped() { #expect(Sample.status(isKept: false) { $0 = [:] }.state == .stopped) }

    @Test("says nothing of the database when nobody answers")
    func unknown() {
        let status = StackStatus(
            applied: Sample.applied(), keeping: StackKeeping(isAlive: false), answers: [:],
            topology: nil)
        #expect(status.database == nil && status.hosts.allSatisfy { $0.agent == .init(state: .down, pid: nil) })
    }

    @Test("counts lag in whole seconds, and leaves it out where it is not known")
    func lag() {
        #expect(Sample.status(topology: Sample.topology(lag: 2.9)).database?.replicas.map(\.lagSeconds) == [2])
        #expect(Sample.status(topology: Sample.topology(lag: nil)).database?.replicas.map(\.lagSeconds) == [nil])
    }

    @Test("is a contract in JSON")
    func json() throws {
        let hosts = [
            Sample.host(11, "lb1", [.balancer]), Sample.host(21, "server1", [.database]),
            Sample.host(22, "server2", [.database]),
        ]
        let status = Sample.status(hosts) {
            $0["server2"] = nil
            $0["server1"]?.services[0].restarts = 2
            $0["server1"]?.services[0].detail = "why"
        }
        #expect(
            try JSONText.encode(status) == """
                {
                  "database" : {
                    "epoch" : 1,
                    "primary" : "server1",
                    "replicas" : [
                      {
                        "host" : "server2",
                        "lag_seconds" : 0,
                        "state" : "streaming"
                      }
                    ],
                    "sync" : "pair"
                  },
                  "hosts" : [
                    {
                      "address" : "127.31.7.11",
                      "agent" : {
                        "pid" : 100,
                        "state" : "up"
                      },
                      "name" : "lb1",
                      "roles" : [
                        "balancer"
                      ],
                      "services" : [
                        {
                          "address" : "127.31.7.11:8443",
                          "name" : "haproxy",
                          "pid" : 101,
                          "restarts" : 0,
                          "since" : "2026-01-01T00:00:00Z",
                          "state" : "running"
                        }
                      ]
                    },
                    {
                      "address" : "127.31.7.21",
                      "agent" : {
                        "pid" : 100,
                        "state" : "up"
                      },
                      "name" : "server1",
                      "roles" : [
                        "database"
                      ],
                      "services" : [
                        {
                          "address" : "127.31.7.21:3306",
                          "detail" : "why",
                          "name" : "mysql",
                          "pid" : 101,
                          "restarts" : 2,
                          "since" : "2026-01-01T00:00:00Z",
                          "state" : "running"
                        }
                      ]
                    },
                    {
                      "address" : "127.31.7.22",
                      "agent" : {
                        "state" : "down"
                      },
                      "name" : "server2",
                      "roles" : [
                        "database"
                      ],
                      "services" : [

                      ]
                    }
                  ],
                  "keeper" : {
                    "pid" : 7,
                    "state" : "up"
                  },
                  "stack" : "shop",
                  "state" : "degraded",
                  "url" : "https://localhost:8443"
                }

                """)
    }
}

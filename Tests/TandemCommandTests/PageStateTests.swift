import Foundation
import TandemAgent
import TandemStack
import TandemTopology
import Testing

@testable import TandemOperator
@testable import tandem

@Suite("What the live page shows")
struct PageStateTests {
    private func assembly(
        _ change: (inout [String: HostWord], ContinuousClock.Instant) -> Void = { _, _ in }
    ) -> PageAssembly {
        let now = ContinuousClock.now
        var words: [String: HostWord] = [:]
        for host in Sample.laptop {
            var word = HostWord()
            word.status = Sample.answer(host)
            word.topology = Sample.topology()
            word.answeredAt = now
            if host.has(.database) {
                word.failover = FailoverStatus(
                    host: host.name, epoch: 1, primary: "server1", standing: .paired, partner: "server2",
                    isPaused: false, blockers: [], exports: [])
            }
            words[host.name] = word
        }
        change(&words, now)
        return PageAssembly(
            applied: Sample.applied(), keeping: StackKeeping(isAlive: true, pid: 7), words: words, changes: [],
            hour: PageHour(), now: now, at: Date(timeIntervalSince1970: 1_767_225_690))
    }

    @Test("is, when all is well, that nothing is wrong, and what would happen if the primary were lost")
    func well() {
        let state = assembly().state
        #expect(state.concerns.isEmpty && state.silent.isEmpty)
        #expect(state.status.state == .up)
        #expect(
            state.summary
                == "Nothing is wrong. If server1, the primary, is lost, server2 takes over within seconds, with all its writes."
        )
    }

    @Test("names an agent that has not answered for a while, and takes what it said for old")
    func silence() {
        let state = assembly { words, now in
            words["lb1"]?.answeredAt = now - .seconds(4)
            words["lb2"]?.answeredAt = now - .seconds(2)
            words["server2"] = nil
        }.state
        #expect(state.silent == [.init(host: "lb1", seconds: 4), .init(host: "server2", seconds: nil)])
        #expect(state.summary.hasPrefix("lb1's agent has not answered for 4 s."))
        #expect(state.summary.hasSuffix("And 1 more."))
        #expect(state.status.hosts.map(\.agent.state) == [.down, .up, .up, .down])
        #expect(state.concerns.allSatisfy { $0.level == .problem })
    }

    @Test("says of a failed service why, and of blocked failovers what blocks them, the worst first")
    func concerns() {
        let state = assembly { words, _ in
            words["server1"]?.failover?.blockers = ["server2 is being copied"]
            words["server2"]?.status?.services[0].state = .failed
            words["server2"]?.status?.services[0].detail = "no space left\u{1B}[2J"
        }.state
        #expect(
            state.concerns == [
                Concern(
                    level: .problem, what: "mysql on server2 failed: no space left\u{FFFD}[2J",
                    next: "tandem logs server2"),
                Concern(
                    level: .notice, what: "A failover would not work now: server2 is being copied.",
                    next: "tandem why"),
            ])
    }

    @Test("puts the seconds of all hosts together: requests of balancers, times of web servers")
    func hour() {
        var hour = PageHour()
        #expect(hour.after("lb1") == 0)
        func take(_ host: String, _ seconds: TrafficSecond...) {
            hour.take(HostTimeline(host: host, now: 200, seconds: seconds, events: []), of: host, at: 200)
        }
        take("lb1", .init(at: 100, requests: 10, errors: 1), .init(at: 101, requests: 0, errors: 0))
        take("lb2", .init(at: 100, requests: 5, errors: 0))
        take("server1", .init(at: 100, times: [.init(milliseconds: 2, count: 14)]))
        take("server2", .init(at: 100, times: [.init(milliseconds: 15, count: 1)]), .init(at: 99, times: []))
        #expect(
            hour.points(after: 0) == [
                PagePoint(at: 100, requests: 15, errors: 1, p50: 2, p99: 15),
                PagePoint(at: 101, requests: 0, errors: 0, p50: nil, p99: nil),
            ])
        #expect(hour.points(after: 100).map(\.at) == [101])
        #expect(hour.after("lb1") == 195)
        hour.keep(["server1"])
        #expect(hour.points(after: 0).map(\.requests) == [nil])
    }

    @Test("lists what happened, the newest first, changes of primary among it")
    func events() throws {
        var assembly = assembly { words, _ in
            words["lb1"]?.events = [HostEvent(at: 1_795_799_400, kind: .ended, service: "haproxy")]
            words["lb2"]?.events = [HostEvent(at: 1_795_799_500, kind: .settings, service: nil)]
        }
        let change = """
            [{"epoch": 2, "primary": "server2", "previous": "server1", "cause": "server_down",
              "detected_at": "2026-11-27T17:11:24Z", "steps": {"opened": 116}}, {"epoch": 1, "primary": "server1", "cause": "founded"}]
            """
        assembly.changes = try JSONDecoder().decode([FailoverChange].self, from: Data(change.utf8))
        #expect(
            assembly.state.events.map(\.text) == [
                "lb2 was given other settings",
                "server1 → server2, epoch 2: the primary's mysqld had ended, writes open after 116 ms",
                "haproxy on lb1 ended by itself and was started again",
            ])
        #expect(assembly.state.events[1].at == 1_795_799_484)
    }

    private func counted(isOld: Bool) -> PageState {
        assembly { words, now in
            for (host, section) in [("lb1", "web"), ("server1", "write")] {
                func statistics(_ requests: Int, _ second: Double) -> HostStatistics {
                    let counters = [
                        TrafficCounters(
                            section: section, server: "server2", requests: requests, errors: 0, connections: 3,
                            responseMilliseconds: host == "lb1" ? 4 : nil)
                    ]
                    return HostStatistics(
                        host: host, clockSeconds: second, processes: [], balancer: host == "lb1" ? counters : nil,
                        router: host == "lb1" ? nil : counters)
                }
                words[host]?.lastStatistics = statistics(10, 1)
                words[host]?.statistics = statistics(30, 2)
                words[host]?.countedAt = now - .seconds(host == "lb1" && isOld ? 4 : 1)
            }
        }.state
    }

    @Test("has the figures of each arrow: from balancers to web servers, from routers to databases")
    func flows() {
        #expect(
            counted(isOld: false).flows == [
                .init(
                    from: "lb1", to: "server2", kind: .web, requestsPerSecond: 20, errorsPerSecond: 0,
                    responseMilliseconds: 4, connections: 3),
                .init(
                    from: "server1", to: "server2", kind: .write, requestsPerSecond: 20, errorsPerSecond: 0,
                    responseMilliseconds: nil, connections: 3),
            ])
    }

    @Test("shows no figures of earlier where an agent answers and cannot count")
    func oldFigures() {
        let state = counted(isOld: true)
        #expect(state.silent.isEmpty && state.flows.map(\.from) == ["server1"])
    }

    @Test("is told whatever an agent says, with numbers that JSON can carry")
    func absurd() throws {
        for (before, now) in [(Int.min, Int.max), (Int.max, Int.min), (0, Int.max)] {
            for seconds in [Double.leastNonzeroMagnitude, 1e-9, 1, .greatestFiniteMagnitude] {
                let state = assembly { words, instant in
                    func statistics(_ number: Int, _ clock: Double) -> HostStatistics {
                        let counters = ["front", "web", "write"].flatMap { section in
                            [nil, "server2", "server2"].map {
                                TrafficCounters(
                                    section: section, server: $0, requests: number, errors: number,
                                    connections: number, responseMilliseconds: number)
                            }
                        }
                        return HostStatistics(
                            host: "lb1", clockSeconds: clock,
                            processes: [ProcessUse(service: "haproxy", cpuSeconds: clock, residentBytes: number)],
                            balancer: counters, router: counters,
                            database: DatabaseCounters(statements: number, connections: number)
                        ).bounded
                    }
                    words["lb1"]?.lastStatistics = statistics(before, 0)
                    words["lb1"]?.statistics = statistics(now, seconds)
                    words["lb1"]?.countedAt = instant
                    var topology = Sample.topology(lag: .greatestFiniteMagnitude)
                    topology.epoch = now
                    words["server1"]?.topology = topology.bounded
                }.state
                #expect(try JSONText.encode(state, isPretty: false).isEmpty == false)
            }
        }
    }
}

import Foundation
import TandemTopology
import Testing

@Suite("Numbers that an agent tells")
struct StatisticsBoundTests {
    private func statistics(_ number: Int, _ share: Double) -> HostStatistics {
        let counters = TrafficCounters(
            section: "front", server: nil, requests: number, errors: number, connections: number,
            responseMilliseconds: number)
        return HostStatistics(
            host: "lb1", clockSeconds: share,
            processes: .init(
                repeating: ProcessUse(service: "app", cpuSeconds: share, residentBytes: number), count: 9_999),
            balancer: [counters], router: .init(repeating: counters, count: 99_999),
            database: DatabaseCounters(statements: number, connections: number))
    }

    @Test("are brought to what can be true, so that nothing that is made of them overflows")
    func bounded() throws {
        for number in [Int.min, -1, 0, 5, .max] {
            for share in [-Double.greatestFiniteMagnitude, 0, .leastNonzeroMagnitude, .greatestFiniteMagnitude] {
                let bounded = statistics(number, share).bounded
                #expect((0...1e12).contains(bounded.clockSeconds))
                #expect(bounded.processes.count == 1_000 && bounded.router?.count == 20_000)
                let counters = try #require(bounded.balancer?.first)
                for value in [counters.requests, counters.errors, bounded.database?.statements ?? -1] {
                    #expect((0...(1 << 50)).contains(value))
                }
                for value in [counters.connections, counters.responseMilliseconds ?? -1] {
                    #expect((0...(1 << 32)).contains(value))
                }
                #expect(number != 5 || counters == statistics(5, 0).balancer?.first)
            }
        }
    }

    @Test("of a replica's lag fit into whole seconds")
    func lag() {
        let member = DatabaseMember(
            host: "server2", address: "", port: 1, role: .replica, state: .streaming, lagSeconds: 1e300)
        let topology = Topology(stack: "shop", epoch: .max, primary: "server1", sync: .pair, members: [member]).bounded
        #expect(topology.members[0].lagSeconds.map { Int($0) } == 1_000_000_000)
        #expect(topology.epoch == 1 << 50)
    }
}

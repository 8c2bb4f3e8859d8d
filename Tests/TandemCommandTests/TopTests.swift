import Foundation
import TandemStack
import TandemTopology
import Testing

@testable import TandemOperator
@testable import tandem

@Suite("tandem top")
struct TopTests {
    /// A moment of the sample stack.
    private func sample(
        second: Double, balancer: (Int) -> [TrafficCounters], database: Int, cpu: Double
    ) -> TopSample {
        var statistics: [String: HostStatistics] = [:]
        for (number, host) in Sample.laptop.enumerated() {
            let isBalancer = host.has(.balancer)
            statistics[host.name] = HostStatistics(
                host: host.name, clockSeconds: 100 + second,
                processes: [
                    ProcessUse(service: isBalancer ? "haproxy" : "mysql", cpuSeconds: cpu, residentBytes: 300 << 20)
                ],
                balancer: isBalancer ? balancer(number) : nil,
                router: isBalancer
                    ? nil
                    : [
                        TrafficCounters(
                            section: "read", server: nil, requests: 7, errors: 0, connections: 2,
                            responseMilliseconds: nil)
                    ],
                database: isBalancer ? nil : DatabaseCounters(statements: database, connections: 9))
        }
        return TopSample(status: Sample.status(), statistics: statistics, at: Date(timeIntervalSince1970: second))
    }

    private func balancer(_ requests: Int, errors: Int = 0, milliseconds: Int = 3) -> [TrafficCounters] {
        func counters(_ section: String, _ server: String?, _ share: Int) -> TrafficCounters {
            TrafficCounters(
                section: section, server: server, requests: requests / share, errors: errors, connections: 4 / share,
                responseMilliseconds: section == "front" ? nil : milliseconds)
        }
        return [
            counters("front", nil, 1), counters("web", nil, 1), counters("web", "server1", 2),
            counters("web", "server2", 2), counters("metrics", nil, 1),
        ]
    }

    private func line(_ report: TopReport, _ service: String, _ host: String?) throws -> TopReport.Line {
        try #require(report.lines.first { $0.service == service && $0.host == host })
    }

    @Test("makes rates of counters, over all balancers and for each host")
    func rates() throws {
        let before = sample(second: 0, balancer: { _ in balancer(1000) }, database: 500, cpu: 1)
        let after = sample(
            second: 2, balancer: { $0 == 0 ? balancer(1400, errors: 2) : balancer(1200, milliseconds: 9) },
            database: 700,
            cpu: 1.5)
        let report = TopReport(from: before, to: after)
        let front = try line(report, "front", nil)
        #expect(front.requestsPerSecond == 300)
        #expect(front.errorsPerSecond == 1)
        #expect(front.connections == 8)
        // 200 a second of 3 ms, 100 of 9 ms.
        #expect(front.responseMilliseconds == 5)
        #expect(try line(report, "haproxy", "lb1").requestsPerSecond == 200)
        #expect(try line(report, "haproxy", "lb1").cpuPercent == 25)
        #expect(try line(report, "nginx", "server1").requestsPerSecond == 150)
        let replica = try line(report, "mysql", "server2")
        #expect(replica.requestsPerSecond == 100)
        #expect(replica.role == "replica" && replica.lagSeconds == 0 && replica.memoryBytes == 300 << 20)
        #expect(try line(report, "router", "server1").connections == 2)
        #expect(try line(report, "app", "server1").requestsPerSecond == nil)
        #expect(report.intervalSeconds == 2)
    }

    @Test("takes a counter that has become smaller for one that was begun anew")
    func restart() throws {
        let before = sample(second: 0, balancer: { _ in balancer(1000) }, database: 500, cpu: 10)
        let after = sample(second: 1, balancer: { _ in balancer(40) }, database: 30, cpu: 0.1)
        let report = TopReport(from: before, to: after)
        #expect(try line(report, "front", nil).requestsPerSecond == 80)
        #expect(try line(report, "mysql", "server1").requestsPerSecond == 30)
        #expect(try #require(try line(report, "haproxy", "lb1").cpuPercent) < 11)
    }

    @Test("says nothing where it knows nothing: idle, silent, or started anew")
    func unknown() throws {
        let before = sample(second: 5, balancer: { _ in balancer(1000) }, database: 500, cpu: 1)
        var after = sample(second: 6, balancer: { _ in balancer(1000) }, database: 500, cpu: 1)
        // HAProxy's averages are old when nothing was asked.
        #expect(try line(TopReport(from: before, to: after), "front", nil).responseMilliseconds == nil)
        after.statistics["lb1"]?.clockSeconds = 1
        after.statistics["lb2"] = nil
        let report = TopReport(from: before, to: after)
        #expect(try line(report, "front", nil).requestsPerSecond == nil)
        #expect(try line(report, "haproxy", "lb1").cpuPercent == nil)
    }

    @Test("fits into 80 columns, and keeps its columns apart when the numbers are large")
    func width() {
        let before = sample(second: 0, balancer: { _ in balancer(0) }, database: 0, cpu: 0)
        let usual = sample(second: 1, balancer: { _ in balancer(23_456, errors: 3) }, database: 45_678, cpu: 1.3)
        let text = TopPicture(report: TopReport(from: before, to: usual), style: Style(isColored: false)).text
        for line in text.split(separator: "\n") { #expect(line.count <= 80, "\(line)") }
        #expect(text.contains("replica 0 s"))
        #expect(!text.contains("\u{1B}"))
        let large = sample(
            second: 1, balancer: { _ in balancer(999_999_999, errors: 99_999_999, milliseconds: 1_000_000) },
            database: 0,
            cpu: 6400)
        let wide = TopPicture(report: TopReport(from: before, to: large), style: Style(isColored: false)).text
        #expect(wide.contains(" 1999999998 199999998 1000000 ms "))
    }
}

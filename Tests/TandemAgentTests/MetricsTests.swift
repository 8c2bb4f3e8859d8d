import Foundation
import TandemServices
import TandemStack
import TandemTopology
import Testing

@testable import TandemAgent

@Suite("What Prometheus is told")
struct MetricsTests {
    @Test("are families with help, type and labels that need no trust")
    func text() {
        var text = MetricsText()
        text.add(
            "a_total", .counter, "Some.", [(labels: [("name", "x\"y\\z\nw")], value: 3), (labels: [], value: 0.25)])
        text.add("none", .gauge, "Nothing.", nil)
        text.add("b", .gauge, "One.", 1e20)
        #expect(
            text.text == #"""
                # HELP a_total Some.
                # TYPE a_total counter
                a_total{name="x\"y\\z\nw"} 3
                a_total 0.25
                # HELP b One.
                # TYPE b gauge
                b 1e+20

                """#)
    }

    @Test("count durations below their bounds")
    func durations() {
        var totals = DurationTotals()
        for time in [-5, 0, 5, 6, 2500, 2501, 40_000, Int.max] { totals.add(milliseconds: time) }
        let buckets = Dictionary(totals.buckets.map { ($0.bound, $0.count) }, uniquingKeysWith: { first, _ in first })
        #expect(buckets["0.005"] == 3 && buckets["0.01"] == 4 && buckets["2.5"] == 5 && buckets["5"] == 6)
        #expect(buckets["30"] == 6 && buckets["+Inf"] == 8 && totals.count == 8)
        #expect(totals.seconds == (5 + 6 + 2500 + 2501 + 40_000 + 86_400_000) / 1000.0)
        #expect(totals.buckets.map(\.count) == totals.buckets.map(\.count).sorted())
    }

    @Test("read memory in kilobytes")
    func memory() {
        let text = "MemTotal:       24684084 kB\nMemFree: 1 kB\nMemAvailable:   20 kB\nHugePages_Total:       0\n"
        #expect(Machine.memory("MemTotal", in: text) == 25_276_502_016)
        #expect(Machine.memory("MemAvailable", in: text) == 20_480)
        #expect(Machine.memory("HugePages_Total", in: text) == nil)
        #expect(Machine.memory("Mem", in: text) == nil)
    }

    @Test("of this machine can be read")
    func machine() throws {
        let figures = MachineFigures.read(folders: [("host", "/")], certificates: ["/nowhere.pem"])
        #expect(abs(figures.time - Date().timeIntervalSince1970) < 60)
        #expect(try #require(figures.memoryAvailable) <= (try #require(figures.memoryTotal)))
        let disk = try #require(figures.disks.first)
        #expect(disk.name == "host" && disk.size > 0 && disk.available <= disk.size)
        #expect(try #require(figures.processors) >= 1)
        #expect(figures.certificates.isEmpty)
    }

    /// The data of a host may lie on a disk of its own, and it is that one which fills up.
    @Test("tell of each disk once")
    func disks() throws {
        func names(_ data: String) -> [String] {
            MachineFigures.read(folders: [("host", "/proc"), ("data", data)], certificates: []).disks.map(\.name)
        }
        #expect(names("/proc/self") == ["host"] && names("/nowhere") == ["host"])
        #expect(names("/sys") == ["host", "data"])
    }

    @Test("tell of a certificate in a file's place, also of a new one")
    func certificates() throws {
        let folder = try TemporaryFolder()
        let certificate = try Self.certificate()
        let dates = CertificateDates()
        let path = "\(folder.path)/agent.pem"
        func names() -> [String] {
            MachineFigures.read(folders: [], certificates: [path], dates: dates).certificates.map(\.name)
        }
        #expect(names().isEmpty)
        try folder.put("agent.pem", certificate)
        let expiry = try #require(dates.expiry(of: path))
        #expect(expiry > Date() && dates.expiry(of: path) == expiry && names() == ["agent"])
        try folder.put("agent.pem", "no certificate")
        #expect(names().isEmpty)
    }

    private static func certificate() throws -> String {
        let folder = try TemporaryFolder()
        let preparation = StackPreparation(.sample("127.200.9"), in: folder)
        try preparation.makeFolders()
        try preparation.writeCertificates()
        defer { withExtendedLifetime(folder) {} }
        return try String(contentsOfFile: preparation.folder.agentCertificateFile("server1"), encoding: .utf8)
    }

    @Test("say of Alertmanager's attempts only those to tell people")
    func attempts() {
        let text = """
            # HELP alertmanager_notification_requests_total The total number of attempted notification requests.
            alertmanager_notification_requests_total{integration="webhook",receiver_name="dead-man"} 7
            alertmanager_notification_requests_total{integration="webhook",receiver_name="people"} 3
            alertmanager_notification_requests_failed_total{integration="webhook",receiver_name="people"} 2
            alertmanager_notification_requests_total{integration="email",receiver_name="people"} 1e+00
            alertmanager_notification_requests_total{integration="slack",receiver_name="people"} NaN
            alertmanager_notifications_total{integration="webhook",receiver_name="people"} 99
            alertmanager_notification_requests_total{integration="webhook",receiver_name="command"} 5
            alertmanager_notification_requests_failed_total{integration="webhook",receiver_name="command"} 1
            """
        #expect(
            Attempts.parse(text) == [
                "webhook": Attempts(made: 3, failed: 2), "email": Attempts(made: 1, failed: 0),
                "command": Attempts(made: 5, failed: 1),
            ])
    }

    @Test("ask the front where users do")
    func probe() {
        func addresses(_ shared: String?) -> [String] {
            FrontProbe(stack: Stack.sample("127.200.9"), authority: "", sharedAddress: shared, tell: { _ in }).addresses
        }
        #expect(addresses("127.0.0.1") == ["127.0.0.1"])
        #expect(addresses(nil) == Stack.sample("127.200.9").hosts(.balancer).map(\.address))
    }
}

import Foundation
import TandemAgent
import TandemStack
import TandemTopology
import Testing

@testable import TandemOperator
@testable import tandem

@Suite("The picture of a stack")
struct StatusPictureTests {
    private static let now = Date(timeIntervalSince1970: 1_767_225_690)  // 90 s after the services came up

    private func picture(_ status: StackStatus, columns: Int, isColored: Bool = false) -> String {
        StatusPicture(status: status, now: Self.now, columns: columns, style: Style(isColored: isColored)).text
    }

    private static let nine = [
        Sample.host(11, "lb1", [.balancer]), Sample.host(12, "lb2", [.balancer]), Sample.host(21, "web1", [.web]),
        Sample.host(22, "web2", [.web]), Sample.host(31, "app1", [.app]), Sample.host(32, "app2", [.app]),
        Sample.host(41, "db1", [.database]), Sample.host(42, "db2", [.database]), Sample.host(43, "db3", [.database]),
    ]

    @Test("is the whole of it on a wide terminal")
    func wide() {
        #expect(
            picture(Sample.status(), columns: 120) == """
                shop  up  https://localhost:8443
                                                           │ users
                                     ┌─────────────────────┴─────────────────────┐
                                     ▼                                           ▼
                ┌─ lb1 ──────────────────── 127.31.7.11 ─┐  ┌─ lb2 ──────────────────── 127.31.7.12 ─┐
                │ ● haproxy 90 s                         │  │ ● haproxy 90 s                         │
                └────────────────────────────────────────┘  └────────────────────────────────────────┘
                                                           │ HTTPS, each request to the next server
                                     ┌─────────────────────┴─────────────────────┐
                                     ▼                                           ▼
                ┌─ server1 ──────────────── 127.31.7.21 ─┐  ┌─ server2 ──────────────── 127.31.7.22 ─┐
                │ ● nginx   90 s                         │  │ ● nginx   90 s                         │
                │ ● app     90 s                         │  │ ● app     90 s                         │
                │ ● router  90 s                         │  │ ● router  90 s                         │
                │ ● mysql   90 s     primary             │  │ ● mysql   90 s     replica lag 0 s     │
                └────────────────────────────────────────┘  └────────────────────────────────────────┘
                Writes are acknowledged once two servers have them.

                """)
    }

    @Test("is one box where one host does everything")
    func one() {
        let hosts = [Sample.host(1, "one", [.balancer] + Sample.all)]
        let status = Sample.status(hosts, topology: Sample.topology(hosts, sync: .solo))
        #expect(
            picture(status, columns: 80) == """
                shop  up  https://localhost:8443
                                   │ users
                                   ▼
                ┌─ one ────────────────── 127.31.7.1 ─┐
                │ ● haproxy 90 s                      │
                │ ● nginx   90 s                      │
                │ ● app     90 s                      │
                │ ● router  90 s                      │
                │ ● mysql   90 s     primary          │
                └─────────────────────────────────────┘
                The primary stands alone: writes are on one server only.

                """)
    }

    @Test("has two boxes a row in 80 columns, and never a longer line")
    func split() {
        let text = picture(Sample.status(Self.nine), columns: 80)
        #expect(
            text == """
                shop  up  https://localhost:8443
                                                       │ users
                                   ┌───────────────────┴────────────────────┐
                                   ▼                                        ▼
                ┌─ lb1 ───────────────── 127.31.7.11 ─┐  ┌─ lb2 ───────────────── 127.31.7.12 ─┐
                │ ● haproxy 90 s                      │  │ ● haproxy 90 s                      │
                └─────────────────────────────────────┘  └─────────────────────────────────────┘
                                                       │ HTTPS, each request to the next server
                                   ┌───────────────────┴────────────────────┐
                                   ▼                                        ▼
                ┌─ web1 ──────────────── 127.31.7.21 ─┐  ┌─ web2 ──────────────── 127.31.7.22 ─┐
                │ ● nginx   90 s                      │  │ ● nginx   90 s                      │
                └─────────────────────────────────────┘  └─────────────────────────────────────┘
                ┌─ app1 ──────────────── 127.31.7.31 ─┐  ┌─ app2 ──────────────── 127.31.7.32 ─┐
                │ ● app     90 s                      │  │ ● app     90 s                      │
                │ ● router  90 s                      │  │ ● router  90 s                      │
                └─────────────────────────────────────┘  └─────────────────────────────────────┘
                ┌─ db1 ───────────────── 127.31.7.41 ─┐  ┌─ db2 ───────────────── 127.31.7.42 ─┐
                │ ● mysql   90 s     primary          │  │ ● mysql   90 s     replica lag 0 s  │
                └─────────────────────────────────────┘  └─────────────────────────────────────┘
                ┌─ db3 ───────────────── 127.31.7.43 ─┐
                │ ● mysql   90 s     replica lag 0 s  │
                └─────────────────────────────────────┘
                Writes are acknowledged once two servers have them.

                """)
        #expect(text.split(separator: "\n").allSatisfy { $0.count <= 80 })
    }

    @Test("has room for what the primary's box has to say of restarts", arguments: [80, 120])
    func restartsOfPrimary(_ columns: Int) {
        let status = Sample.status { $0["server1"]?.services[3].restarts = 123 }
        let text = picture(status, columns: columns)
        #expect(text.contains("restarts: 123") && !text.contains("…"))
        let lines = text.split(separator: "\n")
        #expect(lines.allSatisfy { $0.count <= columns })
        #expect(lines.contains { $0.contains("primary") })
    }

    @Test("has one box a row where there is no room for two", arguments: [20, 40, 79])
    func narrow(_ columns: Int) {
        let lines = picture(Sample.status(Self.nine), columns: columns).split(separator: "\n")
        #expect(lines.filter { $0.hasPrefix("┌─ ") }.count == 9)
    }

    @Test("says what is not well, and why a service has failed")
    func notWell() {
        let status = Sample.status(
            topology: Sample.topology(primary: .waiting, replicas: .disconnected, lag: 12, sync: .waiting)
        ) {
            $0["lb2"] = nil
            $0["server1"]?.services[2].state = .failed
            $0["server1"]?.services[2].detail =
                "it exited with status 1\n\u{1B}[31mcannot find module 'x' "
                + String(repeating: "and so on ", count: 20)
            $0["server1"]?.services[3].restarts = 3
            $0["server2"]?.services[2].state = .starting
            $0["server2"]?.services[2].detail = "waiting for router"
            $0["server2"]?.services[1].state = .stopped
        }
        #expect(
            picture(status, columns: 90) == """
                shop  degraded  https://localhost:8443
                                                           │ users
                                     ┌─────────────────────┴─────────────────────┐
                                     ▼                                           ▼
                ┌─ lb1 ──────────────────── 127.31.7.11 ─┐  ┌─ lb2 ──────────────────── 127.31.7.12 ─┐
                │ ● haproxy 90 s                         │  │ ✗ agent does not answer                │
                └────────────────────────────────────────┘  └────────────────────────────────────────┘
                                                           │ HTTPS, each request to the next server
                                     ┌─────────────────────┴─────────────────────┐
                                     ▼                                           ▼
                ┌─ server1 ──────────────── 127.31.7.21 ─┐  ┌─ server2 ──────────────── 127.31.7.22 ─┐
                │ ● nginx   90 s     restarts: 3         │  │ ● nginx   90 s                         │
                │ ✗ app     failed                       │  │ ◌ app     starting waiting for router  │
                │ ● router  90 s                         │  │ ○ router  stopped                      │
                │ ● mysql   90 s     primary             │  │ ● mysql   90 s     disconnected        │
                └────────────────────────────────────────┘  └────────────────────────────────────────┘
                Writes wait: the partner of server1 is away.
                ✗ app on server1 failed
                    it exited with status 1
                    �[31mcannot find module 'x' and so on and so on and so on and so on and so on and so …

                """)
    }

    @Test("of a stack that is down says just that")
    func stopped() {
        let status = StackStatus(
            applied: Sample.applied(), keeping: StackKeeping(isAlive: false), answers: [:],
            topology: nil)
        #expect(
            picture(status, columns: 90) == """
                shop  stopped  https://localhost:8443
                                                           │ users
                                     ┌─────────────────────┴─────────────────────┐
                                     ▼                                           ▼
                ┌─ lb1 ──────────────────── 127.31.7.11 ─┐  ┌─ lb2 ──────────────────── 127.31.7.12 ─┐
                │ ○ not running                          │  │ ○ not running                          │
                └────────────────────────────────────────┘  └────────────────────────────────────────┘
                                                           │ HTTPS, each request to the next server
                                     ┌─────────────────────┴─────────────────────┐
                                     ▼                                           ▼
                ┌─ server1 ──────────────── 127.31.7.21 ─┐  ┌─ server2 ──────────────── 127.31.7.22 ─┐
                │ ○ not running                          │  │ ○ not running                          │
                └────────────────────────────────────────┘  └────────────────────────────────────────┘

                """)
    }

    @Test("has the same shape with colours, around the marks and the state")
    func colors() throws {
        let plain = picture(Sample.status(), columns: 90)
        let colored = picture(Sample.status(), columns: 90, isColored: true)
        #expect(colored.contains("\u{1B}[32mup\u{1B}[0m") && colored.contains("\u{1B}[32m●\u{1B}[0m"))
        #expect(colored.replacing(try Regex("\u{1B}\\[[0-9]+m"), with: "") == plain)
    }

    @Test("shortens host names of any length and keeps its boxes whole")
    func longNames() {
        var host = Sample.host(21, String(repeating: "n", count: 63), Sample.all)
        host.address = "127.255.255.254"
        let lines = picture(Sample.status([host], topology: Sample.topology([host])), columns: 80).split(
            separator: "\n")
        #expect(
            lines.filter { $0.hasPrefix("┌") || $0.hasPrefix("│ ●") || $0.hasPrefix("└") }.allSatisfy { $0.count == 39 }
        )
        #expect(lines.contains { $0.contains("n… ") && $0.contains(" 127.255.255.254 ") })
    }

    @Test("draws a balancer that also has a vote in front of the servers, like its twin")
    func votingBalancer() {
        let twins = picture(
            Sample.status([
                Sample.host(11, "lb1", [.balancer]), Sample.host(12, "lb2", [.balancer]),
                Sample.host(21, "server1", [.web, .app, .database]),
            ]), columns: 120)
        let voting = picture(
            Sample.status([
                Sample.host(11, "lb1", [.balancer, .witness]), Sample.host(12, "lb2", [.balancer]),
                Sample.host(21, "server1", [.web, .app, .database]),
            ]), columns: 120)
        #expect(voting == twins)
    }

    @Test(
        "tells ages in the unit that fits",
        arguments: [
            (0, "0 s"), (119, "119 s"), (120, "2 min"), (7199, "119 min"), (7200, "2 h"), (172_799, "47 h"),
            (172_800, "2 d"), (-5, "0 s"),
        ])
    func ages(_ seconds: Int, _ text: String) {
        let status = Sample.status()
        let picture = StatusPicture(
            status: status, now: Self.now.addingTimeInterval(Double(seconds - 90)), columns: 90,
            style: Style(isColored: false))
        #expect(picture.text.contains("│ ● haproxy \(text) "))
    }
}

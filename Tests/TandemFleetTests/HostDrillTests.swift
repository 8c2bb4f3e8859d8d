import Foundation
import Testing

@testable import TandemFleet

extension HostStackTests {
    /// What is broken on the hosts on purpose, by way of SSH, and healed by themselves.
    func drills() async throws {
        let refused = try await stack.tandem("drill", "--only", "=cut lb1")
        #expect(refused.status == 2 && refused.errors.contains("say so with --yes"), "\(refused.errors)")
        let listed = try await stack.succeed("drill", "--list")
        #expect(listed.contains("kill lb2/haproxy") && listed.contains("cut lb1") && !listed.contains("keeper"))
        let outcome = try await stack.tandem(
            "drill", "--yes", "--only",
            "=kill lb1/haproxy, =kill lb2/haproxy, =cut lb1, =kill server2, =reboot lb2",
            "--duration", "1", "--clients", "4", "--rate", "40", "--format", "json")
        let told = String(decoding: outcome.output, as: UTF8.self) + outcome.errors
        try #require(outcome.status == 0, "\(told)")
        struct Report: Decodable {
            struct Fault: Decodable {
                struct Run: Decodable {
                    var obstacle: String?
                    var proof: String?
                }
                var name: String
                var runs: [Run]
            }
            var verdict: String
            var faults: [Fault]
        }
        let report = try JSONDecoder().decode(Report.self, from: Data(outcome.output))
        #expect(report.verdict == "held" && report.faults.count == 5, "\(told)")
        for run in report.faults.flatMap(\.runs) { #expect(run.obstacle == nil && run.proof != nil, "\(told)") }
        for host in LabHosts.addresses.keys.sorted() {
            let left = try await stack.shell(
                host,
                "nft list tables | grep drill; ls -d /run/systemd/system/*.d/tandem-drill.conf /run/*.down 2>/dev/null; "
                    + "systemctl list-units --all --plain --no-legend 'tandem-drill*'; pgrep -f '[h]ost drill'"
            )
            #expect(left.isEmpty, "\(host): \(left)")
        }
        try await healsWithoutDrill()
    }

    /// What was frozen is woken by the host itself, also where the part of the drill that is there has ended.
    private func healsWithoutDrill() async throws {
        let stack = stack
        let drill = Task {
            try await stack.tandem(
                "drill", "--yes", "--only", "=freeze server1/nginx", "--duration", "1", "--clients", "4")
        }
        let frozen = "ps -u tandem-farm -o stat= | grep -c T || :"
        try await stack.eventually("nothing is frozen", seconds: 20) { try await stack.shell("server1", frozen) != "0" }
        _ = try await stack.shell("server1", "pkill -KILL -f '[h]ost drill'")
        try await stack.eventually("it stays frozen", seconds: 60) {
            let isAwake = try await stack.shell("server1", frozen) == "0"
            let timers = try await stack.shell(
                "server1", "systemctl list-units --all --plain --no-legend 'tandem-drill*'")
            return isAwake && timers.isEmpty
        }
        #expect(try await drill.value.status == 1)
        try await stack.eventually("the stack is not whole again") { try await stack.isUp() }
    }
}

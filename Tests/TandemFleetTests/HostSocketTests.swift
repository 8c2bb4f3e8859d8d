import Foundation
import Testing

@testable import TandemFleet

extension HostStackTests {
    /// HAProxy is killed where users connect to, alone and together with the agent that keeps its sockets: somebody
    /// listens all the time.
    func keepsListening() async throws {
        let hasAddress = try await !stack.shell("lb1", "ip -o address | grep -F '\(LabStack.front)/' || :").isEmpty
        let host = hasAddress ? "lb1" : "lb2"
        for victims in ["-x haproxy", "-x haproxy; pkill -KILL -f '[t]andem agent'"] {
            let before = try await stack.shell(host, "pgrep -x haproxy | sort | tr '\\n' ' '")
            let gaps = try await stack.shell(
                host,
                """
                count() { ss -Hltn "sport = :$1" | grep -cF -e '\(LabStack.front):' -e '\(LabHosts.addresses[host] ?? ""):'; }
                [ "$(count 443)$(count 80)" = 22 ] || echo "before: $(ss -Hltn)"
                pkill -KILL \(victims)
                for round in $(seq 150); do
                    [ "$(count 443)$(count 80)" = 22 ] || echo "in round $round: $(ss -Hltn)"
                done
                """)
            #expect(gaps.isEmpty, "\(victims): \(gaps)")
            try await stack.eventually("HAProxy does not come back", seconds: 20) {
                let now = try await stack.shell(host, "pgrep -x haproxy | sort | tr '\\n' ' '")
                return !now.isEmpty && now != before
            }
            try await stack.eventually("the stack is not whole after HAProxy's end") { try await stack.isUp() }
        }
        // Kept by systemd, too.
        let kept = try await stack.shell(host, "systemctl show -p NFileDescriptorStore --value tandem-farm.service")
        #expect(kept == "4")
    }

    /// `doctor` has each host asked by another one for what it has open, and compares that with what is declared.
    func saysWhatIsOpen() async throws {
        func findings() async throws -> [String] {
            let outcome = try await stack.tandem("doctor")
            return String(decoding: outcome.output, as: UTF8.self).split(separator: "\n").map(String.init).filter {
                $0.contains(" reach ")
            }
        }
        #expect(try await findings().count { $0.contains("✓") } == 4)
        let load = "nft -f /etc/tandem/farm/firewall.nft"
        _ = try await stack.shell(
            "server1",
            "setsid python3 -m http.server 9000 >/dev/null 2>&1 & nft insert rule inet tandem input tcp dport 9000 accept"
        )
        try await stack.eventually("what is open is not said", seconds: 20) {
            try await findings().contains { $0.contains("! reach") && $0.contains("9000 (python3) answers server2") }
        }
        // The agents say it by themselves, within a minute.
        try await stack.eventually("status does not name what answers", seconds: 100) {
            try await stack.succeed("status").contains(
                "A port of server1 answers lb2 and is not the stack's: 9000 (of root).")
        }
        _ = try await stack.shell(
            "server1", "pkill -f '[h]ttp.server 9000'; \(load); nft insert rule inet tandem input tcp dport 3306 drop")
        #expect(try await findings().contains { $0.contains("✗ reach") && $0.contains("3306 does not answer server2") })
        _ = try await stack.shell("server1", load)
        #expect(try await findings().count { $0.contains("✓") } == 4)
    }

    /// `prepare` ran on one host, once, and both have the app since.
    func preparedOnce() async throws {
        let question = "cat /var/lib/tandem/apps/farm/prepared 2>/dev/null || :"
        #expect(try await stack.shell("server1", question) == "once")
        #expect(try await stack.shell("server2", question) == "")
    }
}

import Foundation
import TandemStack
import Testing

@testable import TandemFleet

/// The trial of an address that moves, on hosts that boot, with the real keepalived.
/// `TANDEM_TEST_KEEPALIVED=1` says that lb1 and lb2 have the package.
@Suite("The trial of an address")
struct AddressTrialTests {
    @Test("What the witness says is read, and anything else is no proof")
    func watched() {
        #expect(AddressTrial.Watched("812 31 334 1\n")?.silenceMilliseconds == 334)
        #expect(AddressTrial.Watched("812 31 334 0\n")?.answersAtEnd == false)
        for text in ["", "1 2 3", "1 2 3 4 5", "sh: not found"] { #expect(AddressTrial.Watched(text) == nil) }
    }

    private static let hasKeepalived =
        LabHosts.folder != nil && ProcessInfo.processInfo.environment["TANDEM_TEST_KEEPALIVED"] != nil
    private static let address = MovingAddress(address: "10.77.0.99")

    /// keepalived without a check, and something that answers on every address.
    private func prepare(_ name: String, peer: String, adverts: Bool = true) async throws -> HostSession {
        try await LabHosts.lab("up", name)
        let session = try await LabHosts.session(name)
        let settings = """
            global_defs {
                vrrp_version 3
            }
            vrrp_instance trial {
                state BACKUP
                interface eth0
                virtual_router_id 99
                priority \(name == "lb1" ? 200 : 100)
                advert_int 0.1
                nopreempt
                unicast_peer {
                    \(adverts ? peer : "10.77.0.250")
                }
                virtual_ipaddress {
                    \(Self.address.address)/32
                }
            }

            """
        let script = """
            cat > /etc/trial.conf; systemctl stop trial trial-answer; systemctl reset-failed trial trial-answer
            systemd-run --quiet --unit=trial-answer python3 -m http.server 8099 || exit
            cat > /etc/systemd/system/trial.service <<'END'
            [Service]
            ExecStart=/usr/sbin/keepalived -n -P -l -G -f /etc/trial.conf -p /run/trial.pid -r /run/trial-vrrp.pid
            END
            systemctl daemon-reload && systemctl start trial
            """
        let outcome = try await session.run(["/bin/sh", "-c", script], input: Array(settings.utf8))
        try #require(outcome.status == 0, "\(outcome.errors)")
        return session
    }

    private func trial(_ balancers: [HostSession]) async throws -> AddressTrial {
        try await LabHosts.lab("up", "server1")
        return AddressTrial(
            address: Self.address, port: 8099, balancers: balancers, witness: try await LabHosts.session("server1"),
            unit: { _ in "trial.service" })
    }

    @Test(
        "An address goes to the other balancer and comes back, and a third host says for how long nobody answered",
        .enabled(if: hasKeepalived, "skipped: no hosts with keepalived (TANDEM_TEST_LAB, TANDEM_TEST_KEEPALIVED)"))
    func moves() async throws {
        let balancers = [
            try await prepare("lb1", peer: "10.77.0.12"), try await prepare("lb2", peer: "10.77.0.11"),
        ]
        try await Task.sleep(for: .seconds(3))
        let trial = try await trial(balancers)
        let moves = try await trial.run()
        print("trial: \(moves)")
        #expect(moves.count == 2 && moves[0].from == moves[1].to && moves[0].to == moves[1].from)
        #expect(moves.allSatisfy { $0.tried > 50 && $0.tried > $0.failed && $0.from != $0.to })

        // Whoever hears no adverts takes it, too.
        _ = try await prepare("lb1", peer: "10.77.0.12", adverts: false)
        _ = try await prepare("lb2", peer: "10.77.0.11", adverts: false)
        try await Task.sleep(for: .seconds(3))
        await #expect(throws: AddressTrial.Problem.twice(["lb1", "lb2"])) { try await trial.run() }

        // With no other balancer that would take it, it goes nowhere; and its holder has it back afterwards.
        for session in balancers { _ = try await session.run(["systemctl", "stop", "trial"]) }
        await #expect(throws: AddressTrial.Problem.nowhere) { try await trial.run() }
        _ = try await balancers[0].run(["systemctl", "start", "trial"])
        try await Task.sleep(for: .seconds(2))
        await #expect(throws: AddressTrial.Problem.stays(from: "lb1")) { try await trial.run() }
        let state = try await balancers[0].run(["systemctl", "is-active", "trial"])
        #expect(state.output == "active\n")
        for session in balancers { _ = try await session.run(["systemctl", "stop", "trial", "trial-answer"]) }
    }
}

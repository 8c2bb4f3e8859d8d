import TandemFleet
import Testing

@testable import TandemOperator
@testable import tandem

@Suite("What tandem doctor says of an address that was moved")
struct AddressDiagnosisTests {
    private static func move(_ from: String, _ to: String, _ milliseconds: Int) -> AddressTrial.Move {
        AddressTrial.Move(from: from, to: to, silenceMilliseconds: milliseconds, tried: 900, failed: 3)
    }

    @Test("The way that it took, and for how long nobody answered")
    func moved() {
        let moves = [Self.move("lb1", "lb2", 41), Self.move("lb2", "lb1", 38)]
        let finding = AddressDiagnosis.finding("10.0.0.100", .success(moves))
        #expect(finding.verdict == .ok && finding.remedy == nil)
        #expect(
            finding.text
                == "10.0.0.100 was moved: lb1 → lb2 → lb1; nobody answered there for 41 ms, then 38 ms")
    }

    @Test("A network that is slow to notice is no good one")
    func slow() {
        let finding = AddressDiagnosis.finding("10.0.0.100", .success([Self.move("lb1", "lb2", 17_200)]))
        #expect(finding.verdict == .warning && finding.remedy?.contains("gratuitous ARP") == true)
    }

    @Test(
        "Where it does not move, it says so, and what to do",
        arguments: [
            (AddressTrial.Problem.twice(["lb1", "lb2"]), "lb1 and lb2 have it at once", "IP protocol 112"),
            (.silent(to: "lb2", asked: "server1"), "does not let addresses move", "front: {address: none}"),
            (.stays(from: "lb1"), "no other balancer has taken it", "journalctl"),
            (.nowhere, "no balancer has it", "journalctl"),
            (.unanswered(by: "lb1", asked: "server1"), "server1 gets no connection", "firewall"),
            (.noWitness, "no host besides the balancers", "another machine"),
            (.unreached("lb1", "gone"), "lb1: gone", "tandem doctor"),
        ])
    func problems(problem: AddressTrial.Problem, text: String, remedy: String) {
        let finding = AddressDiagnosis.finding("10.0.0.100", .failure(problem))
        #expect(finding.verdict == .error && finding.text.contains(text) && finding.remedy?.contains(remedy) == true)
    }
}

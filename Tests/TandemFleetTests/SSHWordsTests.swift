import TandemStack
import Testing

@testable import TandemFleet

@Suite("What OpenSSH says")
struct SSHWordsTests {
    struct Case: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var words: String
        var problem: ReachError.Problem

        init(_ name: String, _ words: String, _ problem: ReachError.Problem) {
            (testDescription, self.words, self.problem) = (name, words, problem)
        }
    }

    static let cases = [
        Case(
            "a jump host's key",
            """
            No ED25519 host key is known for jump.example.com and you have requested strict checking.
            Host key verification failed.
            Connection closed by UNKNOWN port 65535
            """, .unknownKey(of: "jump.example.com")),
        Case(
            "several ways in", "anna@10.0.0.1: Permission denied (publickey,password).",
            .refusedLogin(ways: "publickey,password")),
        Case(
            "an agent with many keys",
            "Received disconnect from 10.0.0.1 port 22:2: Too many authentication failures\nDisconnected from 10.0.0.1 port 22",
            .tooManyKeys),
        Case(
            "no way there", "ssh: connect to host 10.0.0.1 port 22: No route to host", .unreachable("No route to host")),
        Case(
            "a host that says nothing", "Connection timed out during banner exchange",
            .unreachable("Connection timed out during banner exchange")),
        Case(
            "a host that hangs up", "Connection closed by 10.0.0.1 port 22",
            .unreachable("Connection closed by 10.0.0.1 port 22")),
        Case("nothing", "", .other("OpenSSH's client does not say why")),
        Case("a terminal's commands", "\u{1B}[31mred\u{7}", .other("[31mred")),
    ]

    @Test("It becomes a problem of one kind", arguments: cases)
    func problems(example: Case) {
        #expect(SSHWords.problem(example.words) == example.problem)
    }

    @Test("Every problem has what happened and what to do next, in one line each")
    func everyProblem() {
        let line = SSHCommandLine(
            destination: .init(user: "anna", name: "10.0.0.1", port: 2222), configuration: "/srv/a b/config",
            controlSocket: "/tmp/x")
        let problems =
            Self.cases.map(\.problem) + [
                .noClient("x"), .changedKey(of: "a", place: nil), .unresolved("a"), .timedOut(seconds: 3),
                .configuration("x"),
                .noShell("x"), .saidTooMuch,
            ]
        for problem in problems {
            let error = ReachError(line, problem)
            #expect(!error.text.isEmpty && !error.text.contains("\n") && error.text != error.remedy)
            #expect(!error.remedy.isEmpty && !error.remedy.contains("\n"))
        }
        #expect(line.byHand == "ssh -F '/srv/a b/config' -p 2222 anna@10.0.0.1")
    }
}

import ArgumentParser
import TandemStack
import TandemTopology
import Testing

@testable import TandemOperator
@testable import tandem

@Suite("A job that is run by hand")
struct JobVerdictTests {
    private func verdict(_ state: JobStatus.State, id: String = "1", detail: String? = nil) -> JobVerdict {
        JobVerdict(
            JobReport(id: id, host: "server1", state: state, began: "2026-11-28T07:00:00Z", detail: detail), id: "1")
    }

    @Test("has succeeded only where its own run is known to have exited with status 0")
    func verdicts() {
        #expect(verdict(.running) == .goesOn && verdict(.succeeded) == .succeeded)
        #expect(verdict(.failed, detail: "exited with status 3") == .failed("exited with status 3"))
        #expect(verdict(.lost, detail: "began, and did not end") == .failed("began, and did not end"))
        // Another run's success says nothing of this one.
        for state in [JobStatus.State.running, .succeeded] {
            guard case .failed(let words) = verdict(state, id: "2") else {
                Issue.record("\(state)")
                continue
            }
            #expect(words.contains("another run began at 2026-11-28T07:00:00Z"))
        }
    }

    @Test("is one of the stack's; another name is refused with those that there are")
    func names() throws {
        let jobs = try ["digest", "cleanup"].map {
            Job(
                name: $0, run: "x", schedule: try CronSchedule(parsing: "@daily"), timeoutSeconds: 1,
                stopTimeoutSeconds: 1)
        }
        try JobVerdict.check("cleanup", among: jobs)
        let failure = #expect(throws: Failure.self) { try JobVerdict.check("digets", among: jobs) }
        #expect(
            failure?.status == .usage
                && failure?.message
                    == "there is no job named 'digets'; did you mean 'digest'?\nThere are: digest, cleanup"
        )
        let none = #expect(throws: Failure.self) { try JobVerdict.check("digest", among: []) }
        #expect(none?.message.contains("app: jobs") == true)
    }

    @Test("is carried out on hosts of their own by any of them")
    func fleet() throws {
        #expect(try FleetVerb(JobCommand.parse(["digest"])) == .job("digest"))
    }
}

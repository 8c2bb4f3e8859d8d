import Foundation
import TandemTopology
import Testing

@testable import TandemOperator
@testable import tandem

@Suite("Scheduled jobs in status")
struct JobLineTests {
    private func job(
        _ state: JobStatus.State, began: String? = "2026-11-28T07:00:00Z", ended: String? = nil, detail: String? = nil
    ) -> JobStatus {
        JobStatus(
            name: "digest", state: state, at: "0 7 * * *", nextDue: "2026-11-29T07:00:00Z",
            last: began.map { JobStatus.Run(host: "server1", began: $0, ended: ended, detail: detail) })
    }

    private func text(_ job: JobStatus) throws -> String {
        let now = try Date("2026-11-28T07:10:00Z", strategy: .iso8601)
        return JobLine(job: job, now: now).text(Style(isColored: false))
    }

    @Test("are a line each: how the last run went, and when the next one is due")
    func lines() throws {
        let next = "next at 2026-11-29T07:00:00Z"
        #expect(try text(job(.waiting, began: nil)) == "○ digest       has not run yet; \(next)")
        #expect(try text(job(.running)) == "◌ digest       has run on server1 for 10 min; \(next)")
        #expect(
            try text(job(.succeeded, ended: "2026-11-28T07:09:00Z"))
                == "● digest       succeeded on server1 60 s ago; \(next)")
        #expect(
            try text(job(.failed, ended: "2026-11-28T07:09:00Z", detail: "exited with status 3"))
                == "✗ digest       exited with status 3 (server1, 60 s ago); \(next)\n    See: tandem logs digest")
        #expect(
            try text(job(.lost, detail: "began, and did not end: server1 was away"))
                == "✗ digest       began, and did not end: server1 was away (server1, 10 min ago); \(next)\n"
                + "    See: tandem logs digest")
    }

    @Test("are told by the host that knows most of the last run")
    func newest() {
        let earlier = job(.succeeded, began: "2026-11-28T06:00:00Z", ended: "2026-11-28T06:01:00Z")
        let over = job(.failed, ended: "2026-11-28T07:09:00Z")
        #expect([JobStatus].newest([earlier, job(.running), job(.waiting, began: nil)]) == job(.running))
        #expect([JobStatus].newest([over, job(.running), earlier]) == over)
        #expect([JobStatus].newest([job(.running), over]) == over && [JobStatus].newest([]) == nil)
    }
}

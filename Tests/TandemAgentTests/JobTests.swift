import TandemBlueprint
import TandemCoordination
import TandemServices
import TandemStack
import TandemTopology
import Testing

@testable import TandemAgent

@Suite("What an agent decides of jobs")
struct JobTests {
    private static let noon = 1_795_867_200

    private func clock(_ schedules: [String: String], at now: Int) throws -> JobClock {
        JobClock(
            try schedules.sorted { $0.key < $1.key }.map { ($0.key, try CronSchedule(parsing: $0.value)) }, now: now)
    }

    @Test("a due time is looked at once, in its minute")
    func once() throws {
        var clock = try clock(["a": "* * * * *", "b": "0 12 * * *"], at: Self.noon - 10)
        #expect(clock.look(at: Self.noon - 1) == .init())
        #expect(
            clock.look(at: Self.noon).due == [.init(name: "a", time: Self.noon), .init(name: "b", time: Self.noon)])
        #expect(clock.look(at: Self.noon + 1) == .init() && clock.look(at: Self.noon + 59) == .init())
        #expect(clock.look(at: Self.noon + 61) == .init(due: [.init(name: "a", time: Self.noon + 60)]))
    }

    @Test("an agent that begins within half a minute of a due time looks at it too, and a later one does not")
    func beginning() throws {
        var early = try clock(["b": "0 12 * * *"], at: Self.noon + 29)
        #expect(early.look(at: Self.noon + 29).due.count == 1)
        var late = try clock(["b": "0 12 * * *"], at: Self.noon + 30)
        #expect(late.look(at: Self.noon + 30) == .init())
    }

    @Test("what came while the machine slept is missed, and said once")
    func missed() throws {
        var clock = try clock(["a": "* * * * *", "b": "0 12 * * *"], at: Self.noon - 40)
        _ = clock.look(at: Self.noon - 40)
        let look = clock.look(at: Self.noon + 300 + 45)
        #expect(look == .init(missed: [.init(name: "a", time: Self.noon), .init(name: "b", time: Self.noon)]))
        #expect(clock.look(at: Self.noon + 300 + 46) == .init())
    }

    @Test("a clock that was far ahead silences nothing once it is right")
    func setBack() throws {
        var clock = try clock(["a": "* * * * *"], at: Self.noon + 1_000_000)
        _ = clock.look(at: Self.noon + 1_000_000)
        #expect(clock.look(at: Self.noon + 10) == .init())
        #expect(clock.look(at: Self.noon + 65).due == [.init(name: "a", time: Self.noon + 60)])
        // Back by a moment only: the same time is not looked at twice.
        #expect(clock.look(at: Self.noon + 59) == .init() && clock.look(at: Self.noon + 66) == .init())
    }

    @Test("Prometheus is told of a job that failed, and of one that was due and did not run")
    func figures() throws {
        let hourly = try CronSchedule(parsing: "0 * * * *")
        func figures(_ standing: JobStanding?, since: Int = 0, now: Int) -> JobFigures {
            JobFigures("a", hourly, standing, since: since, now: Self.noon + now)
        }
        func run(_ outcome: JobRun.Outcome?, ended: Int? = 5, isRunning: Bool = false) -> JobStanding {
            JobStanding(
                last: JobRun(
                    id: "x", host: "h", due: Self.noon, began: Self.noon + 1, ended: ended.map { Self.noon + $0 },
                    outcome: outcome), isRunning: isRunning)
        }
        let good = figures(run(.exited(status: 0)), now: 60)
        #expect(!good.hasFailed && !good.isOverdue && good.began == Self.noon + 1)
        for outcome in [
            JobRun.Outcome.exited(status: 1), .killed(signal: 9), .timedOut, .unseen, .notStarted("x"), nil,
        ] {
            #expect(figures(run(outcome), now: 60).hasFailed, "\(String(describing: outcome))")
        }
        let running = figures(run(nil, ended: nil, isRunning: true), now: 7200)
        #expect(!running.hasFailed && running.isRunning && !running.isOverdue)
        // Due at 13:00; others need a while to hear of a run.
        #expect(!figures(run(.exited(status: 0)), now: 3600 + 90).isOverdue)
        #expect(figures(run(.exited(status: 0)), now: 3600 + 91).isOverdue)
        // What came due while a run went on was skipped.
        #expect(!figures(run(.exited(status: 0), ended: 3700), now: 3800).isOverdue)
        // An agent that began after it, or has read nothing yet, does not judge.
        #expect(!figures(run(.exited(status: 0)), since: Self.noon + 3601, now: 3800).isOverdue)
        #expect(!figures(nil, now: 1_000_000).isOverdue)
        // It never ran.
        #expect(!figures(JobStanding(last: nil, isRunning: false), since: Self.noon + 1, now: 3690).isOverdue)
        #expect(figures(JobStanding(last: nil, isRunning: false), since: Self.noon + 1, now: 3691).isOverdue)
    }

    @Test("sleeps are short, since clocks are set")
    func sleeps() throws {
        let clock = try clock(["a": "0 12 * * *"], at: Self.noon - 100)
        #expect(clock.secondsToSleep(at: Self.noon - 100) == 10 && clock.secondsToSleep(at: Self.noon - 3) == 3)
        #expect(try self.clock([:], at: 0).secondsToSleep(at: 0) == 10)
    }

    @Test("a run gets what is left of its time from the next agent, and no more than the whole of it")
    func timeLeft() {
        let run = JobRun(id: "1", host: "server1", due: nil, began: 1000)
        let record = JobRecord(
            job: "a", begun: run, timeoutSeconds: 60, stop: .init(signal: 15, boundSeconds: 1), logFile: "/dev/null")
        #expect([1000, 1059, 1060, 5000, 10].map(record.secondsLeft) == [60, 1, 0, 0, 60])
    }

    @Test("how a run ended is said in words, and only exit status 0 is a success")
    func states() throws {
        let job = try blueprint()
        func status(_ outcome: JobRun.Outcome?, ended: Int? = Self.noon + 2, isRunning: Bool = false) -> JobStatus {
            var run = JobRun(id: "1", host: "server1", due: Self.noon, began: Self.noon)
            run.ended = ended
            run.outcome = outcome
            return JobWords.status(of: job, JobStanding(last: run, isRunning: isRunning), now: Self.noon + 5)
        }
        let none = JobWords.status(of: job, nil, now: Self.noon + 5)
        #expect(
            none.state == .waiting && none.last == nil && none.nextDue == "2026-11-28T12:01:00Z"
                && none.at == "* * * * *")
        let running = status(nil, ended: nil, isRunning: true)
        #expect(running.state == .running && running.last?.detail == nil)
        #expect(status(nil, ended: nil).state == .lost && status(.unseen).state == .lost)
        #expect(status(nil, ended: nil).last?.detail == "began, and did not end: server1 was away")
        #expect(status(.exited(status: 0)).state == .succeeded && status(.exited(status: 0)).last?.exitStatus == 0)
        for outcome in [JobRun.Outcome.exited(status: 3), .killed(signal: 9), .timedOut, .stopped, .notStarted("no")] {
            #expect(status(outcome).state == .failed)
        }
        #expect(status(.exited(status: 3)).last?.detail == "exited with status 3")
    }

    @Test("a run by hand is reported with its own name, and how it stands")
    func reports() throws {
        var run = JobRun(id: "7", host: "server2", due: nil, began: Self.noon)
        #expect(JobWords.beginning(run) == "began; it was started by hand")
        #expect(JobWords.report(nil) == nil && JobWords.report(JobStanding(last: nil, isRunning: false)) == nil)
        let running = try #require(JobWords.report(JobStanding(last: run, isRunning: true)))
        #expect(running == JobReport(id: "7", host: "server2", state: .running, began: "2026-11-28T12:00:00Z"))
        run.ended = Self.noon + 3
        run.outcome = .exited(status: 3)
        let failed = try #require(JobWords.report(JobStanding(last: run, isRunning: false)))
        #expect(failed.state == .failed && failed.ended == "2026-11-28T12:00:03Z")
        #expect(failed.detail == "exited with status 3")
    }

    private func blueprint() throws -> JobBlueprint {
        JobBlueprint(
            service: ServiceBlueprint(
                name: .job, label: "a", command: ["x"], workingDirectory: "/", readiness: .running,
                startTimeoutSeconds: 1, stop: .init(signal: 15, boundSeconds: 1), listeners: []),
            schedule: try CronSchedule(parsing: "* * * * *"), timeoutSeconds: 60)
    }
}

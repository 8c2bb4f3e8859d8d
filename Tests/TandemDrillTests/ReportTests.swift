import Foundation
import TandemStack
import Testing

@testable import TandemDrill

@Suite("A drill's report")
struct ReportTests {
    static let look = StackLook(
        isWhole: true,
        hosts: [
            .init(name: "lb1", agent: 11, services: [.init(name: "haproxy", pid: 12, isRunning: true)]),
            .init(
                name: "server1", agent: 21,
                services: ["nginx", "app", "router", "mysql"].enumerated().map {
                    .init(name: $0.element, pid: Int32(22 + $0.offset), isRunning: true)
                }),
            .init(
                name: "server2", agent: 31,
                services: ["nginx", "app", "router", "mysql"].enumerated().map {
                    .init(name: $0.element, pid: Int32(32 + $0.offset), isRunning: true)
                }),
        ], keeper: 10, primary: "server1", state: "up")

    private func run(
        _ name: String, reads: [Outcome] = [], writes: [Outcome] = [], recovery: Duration? = .milliseconds(2345),
        settlement: WriteSettlement? = WriteSettlement()
    ) -> FaultRun {
        var run = FaultRun(name: name)
        run.proof = "pid 22 gone within 3 ms"
        run.struckAt = .seconds(1)
        run.recovery = recovery
        run.settlement = settlement
        run.marks = [.init(atMilliseconds: 1000, text: "struck"), .init(atMilliseconds: 3345, text: "all runs again")]
        run.window.struck()
        for (number, outcome) in reads.enumerated() {
            run.window.add(
                .read, outcome, phase: .during, endedAt: .milliseconds(100 * number), took: .milliseconds(5 + number),
                words: outcome == .good ? nil : "GET /<a>: status 503")
        }
        for (number, outcome) in writes.enumerated() {
            run.window.add(
                .write, outcome, phase: .after, endedAt: .milliseconds(100 * number), took: .milliseconds(20),
                words: outcome == .good ? nil : "POST / number \(number): cut")
        }
        run.window.close(at: .seconds(4))
        return run
    }

    private func report(_ runs: [FaultRun], stopped: String? = nil) -> DrillReport {
        var result = DrillResult()
        result.runs = runs
        result.stopped = stopped
        result.reads.sent = runs.map(\.window.reads.sent).reduce(0, +)
        result.reads.failed = runs.map(\.window.reads.failed).reduce(0, +)
        result.writes.sent = runs.map(\.window.writes.sent).reduce(0, +)
        var total = WriteSettlement()
        for run in runs {
            total.acknowledged += run.settlement?.acknowledged ?? 0
            total.lost += run.settlement?.lost ?? 0
            total.duplicated += run.settlement?.duplicated ?? 0
        }
        result.settlement = total
        let write = Drill.Write(
            path: "/n", body: "{text}", contentType: "text/plain", reread: nil, check: "/n?o={offset}", checkStep: 50)
        return DrillReport(
            result, faults: FaultList.all(Self.look),
            plan: TrafficPlan(reads: ["/"], write: write, clients: 8, rate: 50, patience: .seconds(40)),
            options: DrillOptions(seed: 7, budgets: Drill.Budgets()),
            setting: .init(
                stack: "shop", url: "https://localhost:8443", startedAt: "2026-11-27T12:00:00Z", durationSeconds: 12,
                ledger: "/x/ledger.csv"))
    }

    private func reasons(_ run: FaultRun) -> [String] { report([run]).faults.first?.runs.first?.reasons ?? [] }

    private func settled(acknowledged: Int, lost: Int = 0, duplicated: Int = 0) -> WriteSettlement {
        var settlement = WriteSettlement()
        settlement.acknowledged = acknowledged
        settlement.lost = lost
        settlement.duplicated = duplicated
        return settlement
    }

    @Test("each promise that is broken is named with its budget, and nothing else is")
    func verdicts() {
        let good = [Outcome](repeating: .good, count: 40)
        #expect(reasons(run("kill server1/nginx", reads: good, writes: good)) == [])
        #expect(
            reasons(run("kill server1/nginx", reads: good + [.failed, .failed])) == ["2 reads failed (budget: 0)"])
        #expect(reasons(run("kill server1/nginx", reads: good + [.retried])) == [])
        #expect(
            reasons(run("kill server1/nginx", reads: good, settlement: settled(acknowledged: 9, lost: 2)))
                == ["acknowledged but lost: 2 writes"])
        #expect(
            reasons(run("kill server1/nginx", reads: good, settlement: settled(acknowledged: 9, duplicated: 1)))
                == ["done more than once: 1 write"])
        #expect(
            reasons(run("kill server1/nginx", reads: good + [.stale]))
                == ["stale: 1 read lacked what the same visitor had written before"])
        // Two of eight clients write: as many may be under way.
        #expect(reasons(run("kill server1/nginx", reads: good, writes: good + [.unknown, .failed])) == [])
        #expect(
            reasons(run("kill server1/nginx", reads: good, writes: good + [.unknown, .unknown, .failed]))
                == ["3 writes failed or were cut (budget: 2)"])
        #expect(
            reasons(run("restart server1/nginx", reads: good, writes: good + [.unknown]))
                == ["1 write failed or were cut (budget: 0)"])
        #expect(
            reasons(run("kill server1/nginx", reads: good, recovery: .seconds(61)))
                == ["all ran again after 61 s (budget: 45 s)"])
        #expect(
            reasons(run("outage", reads: good + [.failed, .failed], writes: [.failed], recovery: .seconds(61))) == [],
            "after a full outage only what was acknowledged is promised, and that it ends")
        #expect(
            reasons(run("outage", settlement: settled(acknowledged: 3, lost: 3)))
                == ["acknowledged but lost: 3 writes"])
    }

    @Test("a silence longer than its budget breaks a promise though no request failed")
    func silence() {
        var silent = run("kill server1/app", reads: [.good])
        silent.window.close(at: .seconds(10))
        #expect(reasons(silent).first == "no read was answered for 6 s (budget: 5 s)")
    }

    @Test("the verdict over all is one sentence, and what was not tested is neither held nor broken")
    func summaries() {
        let good = [Outcome](repeating: .good, count: 40)
        let held = run("kill server1/nginx", reads: good, settlement: settled(acknowledged: 12))
        var skipped = FaultRun(name: "cut server2")
        skipped.obstacle = "only root can cut connections"
        let all = report([held, skipped])
        #expect(all.verdict == .held)
        #expect(
            all.summary == "The stack stood the fault: 0 of 40 reads failed; none of 12 acknowledged writes was lost.")
        #expect(all.faults.first { $0.name == "cut server2" }?.verdict == .notTested)
        #expect(report([skipped]).verdict == .notTested)
        let outage = run("outage", reads: good + [.failed, .failed], settlement: settled(acknowledged: 3))
        #expect(
            report([held, outage]).summary
                == "The stack stood all 2 faults: 2 of 82 reads failed, all of them in the full outage; "
                + "none of 15 acknowledged writes was lost.")
        let both = report([run("kill server1/app", reads: good + [.failed]), outage])
        #expect(both.summary.contains("3 of 83 reads failed, 2 of them in the full outage; "), "\(both.summary)")
        let lost = report([
            run("kill server1/nginx", reads: good, settlement: settled(acknowledged: 12, lost: 5)), held,
        ])
        #expect(lost.verdict == .broken)
        #expect(
            lost.summary
                == "1 of 1 fault broke a promise: 0 of 80 reads failed; 5 of 24 acknowledged writes were lost.")
        let stopped = report([held], stopped: "it was interrupted")
        #expect(stopped.verdict == .broken && stopped.summary.contains("ended early"))
    }

    @Test("a later drill is slower only by more than the spread of the earlier one explains")
    func comparison() {
        let good = [Outcome](repeating: .good, count: 40)
        func drill(_ recoveries: [Int]) -> DrillReport {
            report(recoveries.map { run("kill server1/nginx", reads: good, recovery: .milliseconds($0)) })
        }
        let old = drill([1000, 2000])
        #expect(Comparison.slower(drill([2400, 9000]), than: old) == [], "one slow run of several is chance")
        #expect(Comparison.slower(drill([2500]), than: old) == [])
        #expect(
            Comparison.slower(drill([2600, 9000]), than: old)
                == ["kill server1/nginx: the time until all ran again is 2.6 s; it was at most 2 s"])
        #expect(Comparison.slower(drill([9000]), than: report([])) == [])
    }

    @Test("faults are chosen by words, with a comma for another choice")
    func choice() {
        let all = FaultList.all(Self.look)
        func names(_ words: String) -> [String] { FaultList.chosen(all, words).map(\.name) }
        #expect(names("kill mysql") == ["kill server1/mysql", "kill server2/mysql"])
        #expect(names("outage, roll") == ["roll app", "outage"])
        #expect(names("=kill server1, =outage") == ["kill server1", "outage"], "a whole name")
        var automatic = Self.look
        automatic.canSwitchOver = true
        #expect(
            FaultList.all(automatic).map(\.name).filter { !all.map(\.name).contains($0) } == [
                "cut replication", "switchover",
            ])
        #expect(names("") == [] && names("bogus") == [])
        #expect(Set(all.map(\.name)).count == all.count)
        // 9 services killed, frozen and restarted; 3 agents killed and frozen; keeper; 3 hosts killed, frozen and cut
        // off; 2 disks; clock; rolling; outage.
        #expect(all.count == 27 + 6 + 1 + 9 + 2 + 1 + 1 + 1)
    }

    @Test("what has no second of its kind is struck all the same, and named where a promise breaks")
    func singlePoints() {
        for fault in FaultList.all(Self.look, limits: PlaceLimits(network: nil, clock: "one clock")) {
            let losses = ["kill lb1", "freeze lb1", "cut lb1"]
            let isOfBalancer = fault.name.contains("haproxy") || losses.contains(fault.name)
            #expect((fault.singlePoint(Self.look) != nil) == isOfBalancer, "\(fault.name)")
            // Both balancers of a machine have one socket.
            let isNeverTested = ["cut lb1", "move clock", "fill server1/mysql", "fill server2/mysql"]
            #expect((fault.obstacle(Self.look) != nil) == isNeverTested.contains(fault.name), "\(fault.name)")
        }
        #expect(SinglePoint.words(["mailer", "prometheus"], "server1", Self.look) == nil, "nobody waits for these")
        var struck = run("kill lb1/haproxy", reads: [.good, .failed])
        struck.singlePoint = "haproxy runs on lb1 alone: nothing goes on without it (tandem check --no-spof)"
        #expect(
            reasons(struck) == [
                "1 read failed (budget: 0)",
                "haproxy runs on lb1 alone: nothing goes on without it (tandem check --no-spof)",
            ])
        struck.window = run("kill lb1/haproxy", reads: [.good]).window
        #expect(reasons(struck) == [], "nobody felt it")
    }

    @Test("of machines there is no keeper to kill and no outage, and a balancer can be cut off")
    func machines() throws {
        var look = Self.look
        look.areMachines = true
        look.keeper = nil
        let all = FaultList.all(look, limits: PlaceLimits(network: nil, clock: "no"))
        let missing = FaultList.all(Self.look).map(\.name).filter { name in !all.contains { $0.name == name } }
        #expect(missing == ["kill keeper", "fill server1/mysql", "fill server2/mysql", "outage"])
        let cut = try #require(all.first { $0.name == "cut lb1" })
        #expect(cut.obstacle(look) == nil)
        #expect(!all.contains { $0.victims.contains(.keeper) })
        #expect(!FaultList.all(Self.look).contains { $0.name.hasPrefix("reboot") })
        let boots = all.filter { $0.name.hasPrefix("reboot") }
        #expect(boots.map(\.name) == look.hosts.map { "reboot \($0.name)" } + ["reboot all"])
        #expect(boots.allSatisfy { $0.obstacle(look) == nil })
        let spared = FaultList.all(look, limits: PlaceLimits(network: nil, clock: "no", power: "not asked for"))
        #expect(spared.filter { $0.name.hasPrefix("reboot") }.allSatisfy { $0.obstacle(look) == "not asked for" })
    }

    @Test("how long a machine boots is not the stack's affair, what comes after it is")
    func boots() {
        var booted = run("reboot lb1", reads: [.good])
        let budget = DrillReport.Budget(Promise(writes: .goOn), writers: 1, budgets: Drill.Budgets())
        (booted.recovery, booted.away) = (.seconds(130), .seconds(90))
        #expect(DrillReport.Run(booted, budget).reasons.isEmpty)
        #expect(DrillReport.Run(booted, budget).bootMilliseconds == 90_000)
        booted.away = .seconds(70)
        #expect(DrillReport.Run(booted, budget).reasons == ["all ran again after 60 s (budget: 45 s)"])
        booted.away = .zero
        #expect(DrillReport.Run(booted, budget).bootMilliseconds == nil)
    }

    @Test("what cannot be done here is not tested, with the reason")
    func obstacles() {
        var look = Self.look
        look.ownDisks = ["server1": "/small"]
        for fault in FaultList.all(look) where fault.name.hasPrefix("fill") || fault.name.hasPrefix("cut server") {
            let obstacle = fault.obstacle(look)
            #expect((obstacle == nil) == (fault.name == "fill server1/mysql"), "\(fault.name)")
            if fault.name.hasPrefix("cut") { #expect(obstacle?.hasPrefix("only root can cut connections") == true) }
        }
    }

    @Test("an alert is the last fault's before it began, and none is of what fired before")
    func alerts() {
        let start = Date(timeIntervalSince1970: 1_800_000_000)
        func alert(_ name: String, _ host: String? = nil, after seconds: Double) -> FiredAlert {
            FiredAlert(name: name, host: host, at: start + seconds)
        }
        var runs = [run("kill server1"), run("kill lb1/agent"), run("cut server1")]
        runs[0].struckDate = start
        runs[1].struckDate = start + 60
        // Not tested.
        runs[2].struckDate = nil
        var book = AlertBook()
        book.look(nil)
        var unwatched = runs
        book.assign(to: &unwatched)
        #expect(unwatched.allSatisfy { $0.alerts == nil })
        let old = alert("DiskFull", "server1", after: -300)
        book.look([old])
        book.look([old, alert("WritesWait", after: 59), alert("HostSilent", "server1", after: 78)])
        book.look(nil)
        // A monitor that is started anew says that what it finds began just now.
        book.look([
            alert("DiskFull", "server1", after: 80), alert("HostSilent", "server1", after: 79),
            alert("Late", after: -1),
        ])
        book.assign(to: &runs)
        #expect(runs[0].alerts == [alert("WritesWait", after: 59)])
        #expect(runs[1].alerts == [alert("HostSilent", "server1", after: 78)])
        #expect(runs[2].alerts == nil)
        let told = report(runs).faults.first { $0.name == "kill lb1/agent" }?.runs.first
        #expect(told?.alerts == [.init(name: "HostSilent", host: "server1", afterMilliseconds: 18000)])
        let words = told?.alerts?.first.map(Wording.alert)
        #expect(words == "HostSilent of server1 after 18 s")
    }

    // MARK: On record

    private var sample: DrillReport {
        let good = [Outcome](repeating: .good, count: 30)
        var broken = run(
            "kill server2/app", reads: good + [.retried, .failed], writes: good + [.unknown],
            settlement: settled(acknowledged: 30, lost: 1))
        broken.marks.append(.init(atMilliseconds: 1200, text: "degraded"))
        broken.struckDate = Date(timeIntervalSince1970: 1_800_000_000)
        broken.alerts = [
            FiredAlert(name: "ErrorShare", host: "server2", at: Date(timeIntervalSince1970: 1_800_000_061))
        ]
        var skipped = FaultRun(name: "cut server1")
        skipped.obstacle = "only root can cut connections"
        return report([
            run("kill server1/mysql", reads: good, writes: good, settlement: settled(acknowledged: 30)), broken,
            skipped,
        ])
    }

    private func check(_ name: String, _ text: String) throws {
        let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("Golden/\(name)")
        if ProcessInfo.processInfo.environment["RECORD_GOLDEN"] != nil {
            try text.write(to: file, atomically: true, encoding: .utf8)
        }
        let recorded = try String(contentsOf: file, encoding: .utf8)
        #expect(text == recorded, "\(name) is old; write it anew with: RECORD_GOLDEN=1 swift test --filter ReportTests")
    }

    @Test("the table, the JSON, the JUnit file and the HTML page on record are those that are made")
    func golden() throws {
        let encoder = JSONEncoder()
        encoder.keyEncodingStrategy = .convertToSnakeCase
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        let json = try encoder.encode(sample)
        try check("drill.json", String(decoding: json, as: UTF8.self) + "\n")
        try check("drill.xml", JUnit.text(sample))
        try check("drill.txt", DrillTable(report: sample) { text, _ in text }.text)
        try check("drill.html", HTMLReport(report: sample, last: nil).text)
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        #expect(try decoder.decode(DrillReport.self, from: json) == sample, "--compare reads what --format json wrote")
    }

    @Test("nothing that an app or a host says becomes markup")
    func escaping() {
        var odd = run("kill server1/nginx", reads: [.failed])
        odd.proof = "<script>alert(1)</script>"
        odd.obstacle = nil
        var report = report([odd], stopped: "a \"b\" <c> & \u{1}")
        report.slower = ["<b>"]
        for text in [HTMLReport(report: report, last: report).text, JUnit.text(report)] {
            #expect(
                !text.contains("<script") && !text.contains("<c>") && !text.contains("/<a>") && !text.contains("\u{1}"))
        }
        let page = HTMLReport(report: report, last: nil).text
        #expect(!page.contains("http://") && !page.contains("src=") && !page.contains("url("), "it needs no other file")
    }

    @Test("the table fits 100 columns")
    func width() {
        let table = DrillTable(report: sample) { text, _ in text }
        for line in table.text.split(separator: "\n") {
            #expect(line.count <= 100, "\(line)")
        }
    }
}

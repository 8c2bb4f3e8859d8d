import Foundation
import Glibc
import TandemAgent
import TandemDrill
import TandemStack

/// One drill, from the command line's options to its report.
struct DrillSession: Sendable {
    let request: DrillRequest
    let ground: DrillGround

    private static let mostLedgers = 5

    private var stack: Stack { ground.stack }

    /// - Returns: whether a promise was broken, or something became slower.
    func run() async throws -> Bool {
        let look = await ground.drilled.look()
        let all = FaultList.all(look, limits: ground.limits)
        let faults = FaultList.chosen(all, request.only)
        guard !faults.isEmpty else {
            throw Failure(
                .usage,
                "no fault's name has '\(Terminal.printable(request.only ?? ""))' in it; see: tandem drill --list")
        }
        let seed = request.seed ?? UInt64.random(in: 1...999_999_999)
        let patience = Duration.seconds(min(stack.app.requestTimeoutSeconds + 10, 60))
        let door = ground.door(patience)
        var plan = await KnownApp.plan(
            stack, door: door, clients: request.clients, rate: Double(request.rate), patience: patience)
        plan.wantedWriters = request.writers
        let options = DrillOptions(
            repeats: request.repeats, margin: .seconds(request.duration), seed: seed, budgets: stack.drill.budgets)
        if request.list { return list(faults, plan, options, look) }
        let last = try request.compare.map(Self.read)
        let output = try request.report.map(ReportFile.init)
        guard look.isWhole else {
            throw Failure(
                .failed, "the stack is \(look.state), not up, so nothing is broken on purpose; see: tandem status")
        }
        var report = try await drill(faults, plan, door, options)
        if let last { report.slower = Comparison.slower(report, than: last) }
        try write(report)
        try output?.write(HTMLReport(report: report, last: last).text)
        return report.verdict == .broken || !(report.slower ?? []).isEmpty
    }

    private func drill(
        _ faults: [any Fault], _ plan: TrafficPlan, _ door: HTTPFrontDoor, _ options: DrillOptions
    ) async throws -> DrillReport {
        try FileManager.default.createDirectory(
            atPath: ground.folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        guard let lock = try FileLock(path: "\(ground.folder)/drill.lock") else {
            throw Failure(.failed, "another drill of '\(stack.name)' is running; wait for it, or end it with Ctrl-C")
        }
        defer { withExtendedLifetime(lock) {} }
        try ground.checkNobodyChanges()
        removeOldLedgers(ground.folder)
        let marker = Marker(seed: UInt64.random(in: 0...UInt64.max))
        let file = try LedgerFile(path: "\(ground.folder)/ledger-\(marker.run).csv")
        let site = FaultSite(
            stack: ground.drilled, place: ground.place, healer: try ground.healer("\(ground.folder)/healer.log"))
        let ledger = Ledger(marker: marker, file: file)
        let progress = DrillProgress(ledger: ledger, isShown: isatty(STDERR_FILENO) == 1)
        progress.begin(stack: stack.name, faults: faults.count, plan: plan, options: options)
        let runner = DrillRunner(
            site: site, ledger: ledger, plan: plan, door: door, options: options, tell: progress.tell)
        let startedAt = Date()
        let result: DrillResult
        do {
            result = try await interruptible(runner, faults, progress)
        } catch let error as DrillError {
            progress.clear()
            throw Failure(.failed, error.description)
        }
        progress.clear()
        return DrillReport(
            result, faults: faults, plan: plan, options: options,
            setting: DrillReport.Setting(
                stack: stack.name, url: ground.url, startedAt: startedAt.formatted(.iso8601),
                durationSeconds: Int(Date().timeIntervalSince(startedAt)), ledger: file.path))
    }

    /// A first signal has the drill heal and settle.
    private func interruptible(
        _ runner: DrillRunner, _ faults: [any Fault], _ progress: DrillProgress
    ) async throws -> DrillResult {
        let signals = StopSignals()
        return try await withThrowingTaskGroup(of: DrillResult?.self) { group in
            group.addTask { try await runner.run(faults) }
            group.addTask {
                await signals.wait()
                if !Task.isCancelled { runner.interrupt("it was interrupted, and what was broken was healed") }
                return nil
            }
            group.addTask {
                await progress.run()
                return nil
            }
            // Not a task of this group, which would wait for it for ever.
            Task.detached { [ground] in
                guard let why = await ground.end() else { return }
                runner.interrupt(why)
            }
            while let next = try await group.next() {
                guard let next else { continue }
                group.cancelAll()
                return next
            }
            throw DrillError("the drill ended without a result")
        }
    }

    private func list(
        _ faults: [any Fault], _ plan: TrafficPlan, _ options: DrillOptions, _ look: StackLook
    ) -> Bool {
        for fault in faults {
            let sentence = DrillReport.hypothesis(of: fault, plan: plan, budgets: options.budgets)
            let obstacle = fault.obstacle(look).map { "\n    not tested: \($0)" }
            let singlePoint = fault.singlePoint(look).map { "\n    single point of failure: \($0)" }
            print("\(fault.name)\n    \(sentence)\(obstacle ?? singlePoint ?? "")")
        }
        return false
    }

    private func write(_ report: DrillReport) throws {
        switch request.format {
        case .json: print(try JSONText.encode(report, keys: .convertToSnakeCase), terminator: "")
        case .junit: print(JUnit.text(report), terminator: "")
        case .text:
            let style = Style(isColored: Terminal.isOutputColored)
            let table = DrillTable(report: report) { text, colour in
                switch colour {
                case .good: style.green(text)
                case .bad: style.red(Terminal.printable(text))
                case .dim: style.dim(text)
                }
            }
            print(table.text, terminator: "")
        }
    }

    private static func read(_ path: String) throws -> DrillReport {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw Failure(.failed, "cannot read \(path), to compare with")
        }
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        guard let report = try? decoder.decode(DrillReport.self, from: data) else {
            throw Failure(.failed, "\(path) is no report of a drill; one is written by: tandem drill --format json")
        }
        return report
    }

    /// So that drills do not fill the disk.
    private func removeOldLedgers(_ folder: String) {
        let names = ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? [])
            .filter { $0.hasPrefix("ledger-") }
        let dated = names.map { name -> (String, Date) in
            let attributes = try? FileManager.default.attributesOfItem(atPath: "\(folder)/\(name)")
            return ("\(folder)/\(name)", attributes?[.modificationDate] as? Date ?? .distantPast)
        }
        for (path, _) in dated.sorted(by: { $0.1 > $1.1 }).dropFirst(Self.mostLedgers - 1) {
            try? FileManager.default.removeItem(atPath: path)
        }
    }
}

/// The file of `--report`, opened before anything is broken: that it cannot be written is to be known first.
struct ReportFile {
    let path: String
    private let handle: FileHandle

    init(_ path: String) throws {
        // What an earlier drill wrote stays until this one has something to say.
        let descriptor = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else {
            throw Failure(
                .failed,
                "cannot write the report \(path) as \(NSUserName()); choose a place that this user may write to")
        }
        self.path = path
        handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
    }

    func write(_ text: String) throws {
        try handle.truncate(atOffset: 0)
        try handle.write(contentsOf: Data(text.utf8))
        try handle.close()
    }
}

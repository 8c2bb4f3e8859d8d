import Foundation

/// Strikes a stack again and again, and keeps what came of each time.
struct FailoverSeries {
    let stack: TandemStack
    let options: FailoverOptions

    private static let clients = 10
    static let writers = 8
    /// Of all clients: writers and readers ask equally often.
    private static let rate = 280

    static var writesPerSecond: Int { rate * writers / clients }

    func measure() throws {
        for number in 1...max(1, options.repeats) where options.repeats > 0 {
            for fault in options.faults where !FileManager.default.fileExists(atPath: path(fault, number)) {
                say("\(fault.rawValue), \(number) of \(options.repeats)")
                try store(try strike(fault), as: path(fault, number))
            }
        }
    }

    /// Of all that were ever kept.
    func runs(_ fault: FailoverFault) throws -> [FailoverRun] {
        let names = try FileManager.default.contentsOfDirectory(atPath: options.results)
        return try names.filter { $0.hasPrefix("\(fault.rawValue)-") && $0.hasSuffix(".json") }.sorted().map {
            try JSONDecoder().decode(
                FailoverRun.self, from: Data(contentsOf: URL(fileURLWithPath: "\(options.results)/\($0)")))
        }
    }

    private func path(_ fault: FailoverFault, _ number: Int) -> String {
        "\(options.results)/\(fault.rawValue)-\(String(format: "%03d", number)).json"
    }

    /// Whole or not at all.
    private func store(_ run: FailoverRun, as path: String) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        try encoder.encode(run).write(to: URL(fileURLWithPath: path), options: .atomic)
    }

    // MARK: One run

    private func strike(_ fault: FailoverFault) throws -> FailoverRun {
        let (primary, replica) = try stack.waitForPair()
        let before = try stack.changes().first?.epoch ?? 0
        let load = Machine.load()
        let name = fault.name(primary: primary, replica: replica)
        // It ends with 1 where users felt more than they were promised, which is for the figures to say.
        let outcome = try Program.run(
            [
                stack.program, "drill", "--only", "=\(name)", "--duration", "1", "--clients", "\(Self.clients)",
                "--writers", "\(Self.writers)", "--rate", "\(Self.rate)", "--format", "json",
            ], folder: stack.folder)
        let answer = try? Self.decoder.decode(DrillAnswer.self, from: Data(outcome.output.utf8))
        guard let answer, let run = answer.faults.first?.runs.first, run.notTested == nil, answer.stopped == nil,
            let settlement = run.settlement
        else {
            throw Failure("the drill '\(name)' ended with \(outcome.status):\n\(outcome.errors)\(outcome.output)")
        }
        var result = FailoverRun(
            fault: fault, pause: Double(run.longestWritePauseMilliseconds), failedReads: run.reads.failed,
            failedWrites: run.writes.failed, unknownWrites: run.writes.unknown, writes: run.writes.sent,
            lost: settlement.lost, duplicated: settlement.duplicated,
            recovery: run.recoveryMilliseconds.map(Double.init), load: load, around: try around(run, answer.ledger))
        try add(try stack.changes().last { $0.epoch > before }, run, &result)
        return result
    }

    private func add(_ change: Change?, _ run: DrillAnswer.Run, _ result: inout FailoverRun) throws {
        guard let change else { return }
        result.cause = change.cause
        guard let struck = run.struckAt.flatMap(Date.moment), let detected = change.detectedAt.flatMap(Date.moment)
        else { return }
        result.detected = detected.timeIntervalSince(struck) * 1000
        result.sealed = change.steps?["sealed"]
        result.promoted = change.steps?["promoted"]
        result.applied = change.steps?["applied"]
        result.opened = change.steps?["opened"]
    }

    /// The raw ledger's clock begins with the drill. A request ends each few milliseconds, so that the first one of the
    /// window tells when that was opened.
    private func around(_ run: DrillAnswer.Run, _ ledger: String?) throws -> [FailoverRun.Write] {
        guard let ledger, let struckAt = run.struckAtMilliseconds else { return [] }
        var rows: [[Substring]] = []
        for line in try String(contentsOfFile: ledger, encoding: .utf8).split(separator: "\n").dropFirst() {
            let cells = line.split(separator: ",", maxSplits: 6, omittingEmptySubsequences: false)
            // Of the first fault's window.
            if cells.count == 7, cells[5] == "1" { rows.append(cells) }
        }
        guard let opened = rows.compactMap({ Double($0[0]) }).min() else { return [] }
        let struck: Double = opened + Double(struckAt)
        var writes: [FailoverRun.Write] = []
        for row in rows where row[2] == "write" {
            guard let began = Double(row[0]), let took = Double(row[1]) else { continue }
            let since: Double = began - struck
            guard since > -1_000, since < 15_000 else { continue }
            writes.append(FailoverRun.Write(began: since, took: took, outcome: String(row[4])))
        }
        return writes
    }

    static let decoder = {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        return decoder
    }()
}

extension TandemStack {
    private struct Roles: Decodable {
        struct Database: Decodable {
            struct Replica: Decodable { var host: String }
            var primary: String?
            var sync: String
            var replicas: [Replica]
        }
        var state: String
        var database: Database?
    }

    /// The primary and its partner, once all is well.
    func waitForPair() throws -> (primary: String, replica: String) {
        for _ in 0..<600 {
            if let outcome = try? run("status", "--format", "json"),
                let status = try? JSONDecoder().decode(Roles.self, from: Data(outcome.utf8)), status.state == "up",
                let database = status.database, database.sync == "pair", let primary = database.primary,
                let replica = database.replicas.first?.host
            {
                return (primary, replica)
            }
            Thread.sleep(forTimeInterval: 0.2)
        }
        throw Failure("the stack did not become a pair within 2 minutes; see \(folder)")
    }

    /// The newest first.
    func changes() throws -> [Change] {
        let text = try run("history", "--format", "json", "--count", "5")
        return try FailoverSeries.decoder.decode([Change].self, from: Data(text.utf8))
    }
}

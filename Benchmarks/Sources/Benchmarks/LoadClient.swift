import Foundation

/// What is asked for.
enum Workload: String, CaseIterable {
    case reads
    case writes

    var explanation: String {
        switch self {
        case .reads: "GET one article (one SELECT by a unique key, a kilobyte of JSON)"
        case .writes: "POST an article (a transaction, acknowledged once it is on both servers' disks)"
        }
    }
}

/// One measurement of one contender.
struct Measurement {
    var requestsPerSecond: Double
    var p50Milliseconds: Double
    var p99Milliseconds: Double
    /// Processor time per request, by tier.
    var cpuMicroseconds: [String: Double]
}

/// wrk, with connections that are kept.
struct LoadClient {
    let folder: String
    let connections: Int
    /// The article that reads ask for.
    let slug: String

    /// - Parameter tiers: the processes whose processor time is counted.
    func measure(
        _ workload: Workload, url: String, seconds: Int, tiers: [String: [Int32]]
    ) throws -> Measurement {
        let before = tiers.mapValues(ProcessTimes.cpuSeconds)
        let output = try Program.succeed([
            "wrk", "-t", "1", "-c", "\(connections)", "-d", "\(seconds)s", "--timeout", "10s", "--latency", "-s",
            try script(workload), "\(url)/api/articles" + (workload == .reads ? "/\(slug)" : ""),
        ])
        let after = tiers.mapValues(ProcessTimes.cpuSeconds)
        let result = try Self.parse(output)
        var cpu: [String: Double] = [:]
        for (tier, spent) in after { cpu[tier] = (spent - (before[tier] ?? 0)) * 1e6 / Double(result.requests) }
        return Measurement(
            requestsPerSecond: result.rate, p50Milliseconds: result.p50, p99Milliseconds: result.p99,
            cpuMicroseconds: cpu)
    }

    /// The script prints its own summary, because the one for people has units that vary.
    private func script(_ workload: Workload) throws -> String {
        let path = "\(folder)/\(workload.rawValue).lua"
        let request =
            workload == .reads
            ? ""
            : """
            wrk.method = "POST"
            wrk.headers["Content-Type"] = "application/json"
            local count, start = 0, \(UInt32.random(in: 0 ... .max))
            function request()
              count = count + 1
              return wrk.format(nil, nil, nil, string.format(
                '{"article":{"title":"Load %d-%d","description":"d","body":"\(Self.text)","tagList":[]}}', start, count))
            end

            """
        let summary = """
            function done(summary, latency, requests)
              local e = summary.errors
              print(string.format("summary %d %d %d %d %d", summary.requests, summary.duration,
                latency:percentile(50), latency:percentile(99), e.connect + e.read + e.write + e.status + e.timeout))
            end

            """
        try (request + summary).write(toFile: path, atomically: true, encoding: .utf8)
        return path
    }

    static let text = String(repeating: "Twelve words of plain text, so that there is something to send. ", count: 10)

    private static func parse(_ output: String) throws -> (requests: Int, rate: Double, p50: Double, p99: Double) {
        let line = output.split(separator: "\n").last { $0.hasPrefix("summary ") } ?? ""
        let numbers = line.split(separator: " ").dropFirst().compactMap { Double($0) }
        guard numbers.count == 5, numbers[0] > 0, numbers[1] > 0 else { throw Failure("wrk said:\n\(output)") }
        guard numbers[4] == 0 else { throw Failure("\(Int(numbers[4])) requests failed:\n\(output)") }
        return (Int(numbers[0]), numbers[0] / (numbers[1] / 1e6), numbers[2] / 1000, numbers[3] / 1000)
    }
}

import Foundation

/// Requests per second and what they cost, of all contenders in turns.
struct Requests {
    /// In the order of the report; the ratios are to the one at `comparedTo`.
    var contenders: [String]
    /// By workload and contender, one for each round.
    var measurements: [Workload: [String: [Measurement]]]

    static let tandem = "Tandem"
    static let direct = "one app, hit directly"

    private struct Contender {
        var name: String
        var url: String
        var tiers: [String: [Int32]]
    }

    static func measure(_ stack: TandemStack, options: Options) throws -> Requests {
        let status = try stack.status()
        let hands = try HandWritten.Style.allCases.map {
            try HandWritten(stack: stack, conduit: options.conduit, style: $0)
        }
        defer { for hand in hands { hand.stop() } }
        let database = ["MySQL": status.pids("mysql")]
        var own = database
        for tier in ["haproxy", "nginx", "app", "router"] { own[tier] = status.pids(tier) }
        var contenders = [Contender(name: tandem, url: status.url, tiers: own)]
        for hand in hands {
            let tiers = hand.processes.mapValues { $0.map(\.processIdentifier) }.merging(database) { _, new in new }
            contenders.append(Contender(name: hand.style.name, url: hand.url, tiers: tiers))
        }
        contenders.append(
            Contender(
                name: direct, url: "http://\(try status.address("server1")):3000",
                tiers: own.filter { ["app", "router", "MySQL"].contains($0.key) }))
        let client = LoadClient(
            folder: stack.folder, connections: options.connections, slug: try makeArticle(status.url))
        var result = Requests(contenders: contenders.map(\.name), measurements: [:])
        for round in 0...options.rounds {
            // One workload after the other: writes leave the databases something to do. The contenders' order is drawn
            // anew each time: a contender's rate depends on which one ran before it.
            for workload in Workload.allCases {
                for contender in contenders.shuffled() {
                    let measurement = try client.measure(
                        workload, url: contender.url, seconds: round == 0 ? 1 : options.seconds, tiers: contender.tiers)
                    say("\(contender.name), \(workload.rawValue): \(Int(measurement.requestsPerSecond))/s")
                    // The first one warms up.
                    if round == 0 { continue }
                    result.measurements[workload, default: [:]][contender.name, default: []].append(measurement)
                }
            }
        }
        return result
    }

    /// - Returns: the slug of an article that both servers have.
    static func makeArticle(_ url: String) throws -> String {
        let json =
            #"{"article":{"title":"Benchmark","description":"d","body":"\#(LoadClient.text)","tagList":["one"]}}"#
        let answer = try Program.succeed([
            "curl", "-skf", "-H", "Content-Type: application/json", "--data-binary", json, "\(url)/api/articles",
        ])
        struct Envelope: Decodable {
            struct Article: Decodable { var slug: String }
            var article: Article
        }
        let slug = try JSONDecoder().decode(Envelope.self, from: Data(answer.utf8)).article.slug
        // The replica may take a moment.
        Thread.sleep(forTimeInterval: 1)
        return slug
    }
}

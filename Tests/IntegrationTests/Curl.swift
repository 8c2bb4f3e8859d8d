import Foundation
import Testing

/// Requests as users make them.
enum Curl {
    struct Answer {
        var status: Int
        /// Names in lower case.
        var headers: [String: String]
        var body: String
    }

    /// Not an issue by itself: some ask on purpose where nobody may answer.
    struct NoAnswer: Error, CustomStringConvertible { var description: String }

    static func get(_ url: String, _ more: String...) async throws -> Answer {
        try await ask(more + [url])
    }

    static func post(_ url: String, json: String) async throws -> Answer {
        try await ask(["-H", "Content-Type: application/json", "--data-binary", json, url])
    }

    private static func ask(_ arguments: [String]) async throws -> Answer {
        let outcome = try await Program.run(
            "curl", ["-sSk", "--http1.1", "--max-time", "20", "-D", "-", "-H", "Expect:"] + arguments)
        guard outcome.status == 0, let end = outcome.output.range(of: "\r\n\r\n") else {
            throw NoAnswer(description: "curl: \(outcome)")
        }
        let (status, headers) = try parse(outcome.output[..<end.lowerBound])
        return Answer(status: status, headers: headers, body: String(outcome.output[end.upperBound...]))
    }

    private static func parse(_ head: Substring) throws -> (Int, [String: String]) {
        let lines = head.split(separator: "\r\n")
        guard let status = lines.first?.split(separator: " ").dropFirst().first.flatMap({ Int($0) }) else {
            throw NoAnswer(description: "not an answer: \(head.prefix(200))")
        }
        var headers: [String: String] = [:]
        for line in lines.dropFirst() {
            guard let colon = line.firstIndex(of: ":") else { continue }
            headers[line[..<colon].lowercased()] = line[line.index(after: colon)...].trimmingCharacters(
                in: .whitespaces)
        }
        return (status, headers)
    }

    /// How often each value of a header came, over `count` requests on one kept-alive connection.
    static func tally(header: String, _ url: String, count: Int, protocolOption: String) async throws -> [String: Int] {
        let outcome = try await Program.run(
            "curl",
            [
                "-sSk", protocolOption, "--max-time", "60", "-o", "/dev/null", "-w",
                "%{num_connects} %{http_code} %header{\(header)}\n", "\(url)?n=[1-\(count)]",
            ])
        try #require(outcome.status == 0, "curl: \(outcome)")
        var tally: [String: Int] = [:]
        var connections = 0
        for line in outcome.output.split(separator: "\n") {
            let words = line.split(separator: " ")
            try #require(words.count == 3 && words[1] == "200", "unexpected answer: \(line)")
            connections += Int(words[0]) ?? 0
            tally[String(words[2]), default: 0] += 1
        }
        #expect(connections == 1, "all requests went over one connection")
        return tally
    }
}

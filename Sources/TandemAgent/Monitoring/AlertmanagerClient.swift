import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1
import TandemBlueprint
public import TandemStack

/// Asks the Alertmanagers of a stack, with the command line's certificate. Its API is documented in Alertmanager's
/// `api/v2/openapi.yaml`.
public struct AlertmanagerClient: Sendable {
    private let client: HTTPClient
    private let stack: Stack

    /// `shutdown` it when done.
    /// - Parameters: PEM files.
    public init(stack: Stack, certificate: String, key: String, ca: String) throws {
        self.stack = stack
        var configuration = HTTPClient.Configuration()
        configuration.tlsConfiguration = try AgentTLS.client(certificate: certificate, key: key, ca: ca)
        configuration.dnsOverride = Dictionary(
            stack.monitors.map { (stack.monitorName(of: $0), $0.address) }, uniquingKeysWith: { first, _ in first })
        configuration.timeout.connect = .seconds(2)
        client = HTTPClient(configuration: configuration)
    }

    public func shutdown() async { try? await client.shutdown() }

    public func alerts(of host: Host) async throws -> [Alert] {
        try Self.decoder.decode([Alert].self, from: await ask(host, "/api/v2/alerts"))
    }

    public func silences(of host: Host) async throws -> [Silence] {
        try Self.decoder.decode([Silence].self, from: await ask(host, "/api/v2/silences"))
    }

    /// - Returns: the silence's name.
    @discardableResult
    public func add(_ silence: Silence.New, on host: Host) async throws -> String {
        struct Answer: Decodable { var silenceID: String }
        return try JSONDecoder().decode(Answer.self, from: await ask(host, "/api/v2/silences", .POST, silence))
            .silenceID
    }

    public func removeSilence(_ id: String, on host: Host) async throws {
        _ = try await ask(host, "/api/v2/silence/\(id)", .DELETE)
    }

    public func send(_ alert: Alert.New, to host: Host) async throws {
        _ = try await ask(host, "/api/v2/alerts", .POST, [alert])
    }

    /// How many attempts were made to tell people, by the way they are told.
    public func attempts(of host: Host) async throws -> [String: Attempts] {
        Attempts.parse(String(decoding: try await ask(host, "/metrics"), as: UTF8.self))
    }

    /// Times with and without parts of seconds.
    private static var decoder: JSONDecoder {
        let decoder = JSONDecoder()
        decoder.dateDecodingStrategy = .custom { decoder in
            let text = try decoder.singleValueContainer().decode(String.self)
            for style in [Date.ISO8601FormatStyle(includingFractionalSeconds: true), Date.ISO8601FormatStyle()] {
                if let date = try? style.parse(text) { return date }
            }
            throw DecodingError.dataCorrupted(
                .init(codingPath: decoder.codingPath, debugDescription: "no time: \(text)"))
        }
        return decoder
    }

    private static let encoder = {
        let encoder = JSONEncoder()
        encoder.dateEncodingStrategy = .iso8601
        return encoder
    }()

    private func ask(
        _ host: Host, _ path: String, _ method: HTTPMethod = .GET, _ body: (some Encodable & Sendable)? = String?.none
    ) async throws -> Data {
        var request = HTTPClientRequest(url: "https://\(stack.monitorName(of: host)):\(Ports.alertmanager)\(path)")
        request.method = method
        if let body {
            request.headers.add(name: "Content-Type", value: "application/json")
            request.body = .bytes(ByteBuffer(bytes: try Self.encoder.encode(body)))
        }
        do {
            let response = try await client.execute(request, deadline: .now() + .seconds(4))
            let answer = try await response.body.collect(upTo: 8 << 20)
            guard (200..<300).contains(response.status.code) else {
                throw StateError(
                    "Alertmanager on \(host.name) answers \(response.status.code): \(String(buffer: answer).prefix(300))"
                )
            }
            return Data(answer.readableBytesView)
        } catch let error as HTTPClientError where error != .cancelled {
            throw StateError(
                "Alertmanager on \(host.name) gives no answer: \(error.shortDescription). See: tandem logs alertmanager"
            )
        }
    }
}

/// What Alertmanager knows of one alert.
public struct Alert: Decodable, Sendable, Equatable {
    public struct Status: Decodable, Sendable, Equatable {
        /// `active`, `suppressed` or `unprocessed`.
        public var state: String
        public var silencedBy: [String]

        public init(state: String, silencedBy: [String]) {
            self.state = state
            self.silencedBy = silencedBy
        }
    }

    public var labels: [String: String]
    public var annotations: [String: String]
    public var startsAt: Date
    public var status: Status

    public init(labels: [String: String], annotations: [String: String], startsAt: Date, status: Status) {
        self.labels = labels
        self.annotations = annotations
        self.startsAt = startsAt
        self.status = status
    }

    /// One that is sent.
    public struct New: Encodable, Sendable {
        public var labels: [String: String]
        public var annotations: [String: String]
        public var startsAt: Date
        public var endsAt: Date

        public init(labels: [String: String], annotations: [String: String], startsAt: Date, endsAt: Date) {
            self.labels = labels
            self.annotations = annotations
            self.startsAt = startsAt
            self.endsAt = endsAt
        }
    }
}

/// For how long people are not told of some alerts.
public struct Silence: Decodable, Sendable {
    public struct Matcher: Codable, Sendable, Equatable {
        public var name: String
        public var value: String
        public var isRegex: Bool
        public var isEqual: Bool?

        public init(name: String, value: String) {
            self.name = name
            self.value = value
            isRegex = false
            isEqual = true
        }
    }

    public struct Status: Decodable, Sendable {
        /// `active`, `pending` or `expired`.
        public var state: String
    }

    public var id: String
    public var matchers: [Matcher]
    public var endsAt: Date
    public var comment: String
    public var status: Status

    /// One that is made.
    public struct New: Encodable, Sendable {
        public var matchers: [Matcher]
        public var startsAt: Date
        public var endsAt: Date
        public var createdBy: String
        public var comment: String

        public init(matchers: [Matcher], startsAt: Date, endsAt: Date, createdBy: String, comment: String) {
            self.matchers = matchers
            self.startsAt = startsAt
            self.endsAt = endsAt
            self.createdBy = createdBy
            self.comment = comment
        }
    }
}

/// Messages to people by one way, since Alertmanager began.
public struct Attempts: Sendable, Equatable {
    public var made: Int
    public var failed: Int

    public init(made: Int, failed: Int) {
        self.made = made
        self.failed = failed
    }

    /// What the way is called by which a command is run. To Alertmanager it is a webhook, of a receiver of its own.
    public static let command = "command"

    /// From Alertmanager's own report: `webhook`, `slack` and `email` of the receiver `people`, and `command`.
    static func parse(_ text: String) -> [String: Attempts] {
        var result: [String: Attempts] = [:]
        for line in text.split(separator: "\n") where line.hasPrefix("alertmanager_notification_requests_") {
            guard let receiver = line.firstMatch(of: /receiver_name="([a-z-]+)"/)?.1,
                receiver == "people" || receiver == command,
                let integration = line.firstMatch(of: /integration="([a-z]+)"/)?.1,
                let value = line.split(separator: " ").last.flatMap({ Double($0) }), value < 1e15
            else { continue }
            let name = receiver == command ? command : String(integration)
            var attempts = result[name] ?? Attempts(made: 0, failed: 0)
            if line.hasPrefix("alertmanager_notification_requests_failed_total") {
                attempts.failed += Int(value)
            } else {
                attempts.made += Int(value)
            }
            result[name] = attempts
        }
        return result
    }
}

import Metrics
import Tracing

/// What a client reports about itself, by OpenTelemetry's names for database clients. Cheap when nothing listens.
struct Instruments: Sendable {
    let tracer: (any Tracer)?
    private let duration: Metrics.Timer
    private let failures: Metrics.Counter
    private let createTime: Metrics.Timer
    private let waitTime: Metrics.Timer
    private let timeouts: Metrics.Counter
    private let used: Metrics.Gauge
    private let idle: Metrics.Gauge
    private let pending: Metrics.Gauge
    private let server: String
    private let port: Int?
    private let database: String?

    /// - Parameters:
    ///   - pool: its name; `nil`: it has none.
    ///   - tracer: `nil` takes the one that the program set up, if any.
    init(_ configuration: MySQLConfiguration, pool: String? = nil, tracer: (any Tracer)? = nil) {
        switch configuration.address {
        case .tcp(let host, let port): (server, self.port) = (host, port)
        case .unixSocket(let path): (server, port) = (path, nil)
        }
        database = configuration.database
        let tracer = tracer ?? InstrumentationSystem.tracer
        self.tracer = tracer is NoOpTracer ? nil : tracer
        let place = [("db.system.name", "mysql"), ("server.address", "\(configuration.address)")]
        duration = Metrics.Timer(label: "db.client.operation.duration", dimensions: place)
        failures = Metrics.Counter(label: "db.client.operation.errors", dimensions: place)
        // Two pools may lead to one server, each with numbers of its own.
        let name = pool ?? "\(configuration.address)\(database.map { "/\($0)" } ?? "")"
        let pool = place + [("db.client.connection.pool.name", name)]
        createTime = Metrics.Timer(label: "db.client.connection.create_time", dimensions: pool)
        waitTime = Metrics.Timer(label: "db.client.connection.wait_time", dimensions: pool)
        timeouts = Metrics.Counter(label: "db.client.connection.timeouts", dimensions: pool)
        let count = "db.client.connection.count"
        used = Metrics.Gauge(label: count, dimensions: pool + [("db.client.connection.state", "used")])
        idle = Metrics.Gauge(label: count, dimensions: pool + [("db.client.connection.state", "idle")])
        pending = Metrics.Gauge(label: "db.client.connection.pending_requests", dimensions: pool)
    }

    func ran(for elapsed: Duration, failed: Bool) {
        duration.recordNanoseconds(elapsed.nanoseconds)
        if failed { failures.increment() }
    }

    func connected(after elapsed: Duration) { createTime.recordNanoseconds(elapsed.nanoseconds) }
    func waited(for elapsed: Duration) { waitTime.recordNanoseconds(elapsed.nanoseconds) }
    func timedOut() { timeouts.increment() }

    func observe(_ statistics: MySQLPoolStatistics) {
        used.record(statistics.leased)
        idle.record(statistics.idle)
        pending.record(statistics.waiting)
    }

    /// - Parameter statement: with `?` where values are bound.
    func withSpan<Value>(
        isolation: isolated (any Actor)? = #isolation, _ statement: String, file: String, line: Int,
        _ body: () async throws -> Value
    ) async throws -> Value {
        guard let tracer else { return try await body() }
        let span = start(statement, tracer, file: file, line: line)
        do {
            let value = try await body()
            span.end()
            return value
        } catch {
            end(span, error)
            throw error
        }
    }

    private func start(_ statement: String, _ tracer: any Tracer, file: String, line: Int) -> any Span {
        let verb = statement.drop { !$0.isLetter }.prefix { $0.isLetter }.uppercased()
        let span = tracer.startAnySpan(
            verb.isEmpty ? "mysql" : verb, ofKind: .client, file: file, line: UInt(clamping: line))
        span.updateAttributes { attributes in
            attributes["db.system.name"] = "mysql"
            attributes["db.operation.name"] = verb
            attributes["db.query.text"] = statement
            attributes["server.address"] = server
            if let port { attributes["server.port"] = port }
            if let database { attributes["db.namespace"] = database }
        }
        return span
    }

    private func end(_ span: any Span, _ error: any Error) {
        let failure = error as? MySQLError
        span.attributes["error.type"] = failure?.code.description ?? "cancelled"
        if let number = failure?.serverErrorNumber { span.attributes["db.response.status_code"] = "\(number)" }
        // Its description, which has no values.
        span.setStatus(SpanStatus(code: .error, message: failure?.description ?? "cancelled"))
        span.end()
    }
}

extension Duration {
    var nanoseconds: Int64 {
        let (seconds, attoseconds) = components
        let (whole, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        return overflow ? .max : whole + attoseconds / 1_000_000_000
    }
}

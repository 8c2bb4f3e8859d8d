import HTTPTypes
import Hummingbird
import Synchronization

/// Requests and their durations, for Prometheus.
final class Metrics: Sendable {
    struct Series: Hashable, Comparable {
        var method: String
        /// The route's pattern, never the path: there are only so many.
        var route: String
        var status: Int

        static func < (left: Series, right: Series) -> Bool {
            (left.route, left.method, left.status) < (right.route, right.method, right.status)
        }
    }

    private struct Histogram {
        var counts = [Int](repeating: 0, count: Metrics.bucketsSeconds.count)
        var count = 0
        var sumSeconds = 0.0
    }

    static let bucketsSeconds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]
    private static let methods: Set<String> = ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"]
    private let histograms = Mutex<[Series: Histogram]>([:])

    func record(method: String, route: String?, status: Int, duration: Duration) {
        let series = Series(
            method: Self.methods.contains(method) ? method : "other", route: route ?? "none", status: status)
        let seconds = duration / .seconds(1)
        histograms.withLock { histograms in
            var histogram = histograms[series] ?? Histogram()
            if let bucket = Self.bucketsSeconds.firstIndex(where: { seconds <= $0 }) { histogram.counts[bucket] += 1 }
            histogram.count += 1
            histogram.sumSeconds += seconds
            histograms[series] = histogram
        }
    }

    var exposition: String {
        let all = histograms.withLock(\.self).sorted { $0.key < $1.key }
        var requests =
            "# HELP conduit_http_requests_total Requests answered.\n# TYPE conduit_http_requests_total counter\n"
        var durations =
            "# HELP conduit_http_request_duration_seconds Time until the answer was ready.\n"
            + "# TYPE conduit_http_request_duration_seconds histogram\n"
        for (series, histogram) in all {
            let labels = "method=\"\(series.method)\",route=\"\(series.route)\",status=\"\(series.status)\""
            requests += "conduit_http_requests_total{\(labels)} \(histogram.count)\n"
            var cumulative = 0
            for (bound, count) in zip(Self.bucketsSeconds, histogram.counts) {
                cumulative += count
                durations += "conduit_http_request_duration_seconds_bucket{\(labels),le=\"\(bound)\"} \(cumulative)\n"
            }
            durations += "conduit_http_request_duration_seconds_bucket{\(labels),le=\"+Inf\"} \(histogram.count)\n"
            durations += "conduit_http_request_duration_seconds_sum{\(labels)} \(histogram.sumSeconds)\n"
            durations += "conduit_http_request_duration_seconds_count{\(labels)} \(histogram.count)\n"
        }
        return requests + durations
    }
}

/// Counts every request.
struct MetricsMiddleware: RouterMiddleware {
    let metrics: Metrics

    func handle(_ request: Request, context: Context, next: (Request, Context) async throws -> Response) async throws
        -> Response
    {
        let start = ContinuousClock.now
        let response = try await next(request, context)
        metrics.record(
            method: request.method.rawValue, route: context.endpointPath, status: response.status.code,
            duration: ContinuousClock.now - start)
        return response
    }
}

import Foundation
import TandemAgent
import TandemTopology

/// What the live page is told each second. A contract in JSON, as `status` is.
struct PageState: Encodable, Sendable {
    /// Requests that one service sends another one.
    struct Flow: Encodable, Sendable, Equatable {
        enum Kind: String, Encodable, Sendable {
            /// Of users, from a balancer to a web server.
            case web
            /// Sessions from a database router to the primary.
            case write
            /// Sessions from a database router to a server that may be read from.
            case read
        }

        var from: String
        var to: String
        var kind: Kind
        var requestsPerSecond: Double
        var errorsPerSecond: Double
        /// HAProxy's average over the last 1024 requests, until the answer began.
        var responseMilliseconds: Int?
        /// Open now.
        var connections: Int
    }

    /// A host whose agent does not answer.
    struct Silence: Encodable, Sendable, Equatable {
        var host: String
        /// For how long; missing where it has not answered since the page was opened.
        var seconds: Int?
    }

    var at: Date
    /// As `tandem status --format json` has it.
    var status: StackStatus
    /// As `tandem top --format json` has them.
    var lines: [TopReport.Line]
    var flows: [Flow]
    /// The worst first; empty: nothing is wrong.
    var concerns: [Concern]
    /// As `tandem why --format json` has it; missing where no agent knows.
    var failover: WhyReport?
    /// One line on what all of this amounts to.
    var summary: String
    var silent: [Silence]
    /// The newest first, of the last hour; changes of primary may be older.
    var events: [PageEvent]
    /// The last seconds; later ones replace what was said of the same second.
    var points: [PagePoint]
}

/// One second of the whole stack.
struct PagePoint: Encodable, Sendable, Equatable {
    /// Since 1970.
    var at: Int
    /// Of users, all balancers together; missing where nobody counted.
    var requests: Int?
    var errors: Int?
    /// Milliseconds until the last byte was handed to the balancer that half of the requests, and 99 of 100, did not
    /// exceed; missing where none ended.
    var p50: Int?
    var p99: Int?
}

/// Something that happened.
struct PageEvent: Encodable, Sendable, Equatable {
    /// Since 1970.
    var at: Int
    /// Those of `HostEvent`, and `primary` for a change of primary.
    var kind: String
    var host: String?
    var service: String?
    var text: String
}

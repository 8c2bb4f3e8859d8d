import Foundation
import NIOCore

/// One request to etcd's JSON gateway.
struct EtcdCall: Sendable {
    let path: String
    let body: ByteBuffer
    /// Completes "could not …".
    let doing: String
    /// Whether it does no harm when it is carried out twice, so that another member may be asked while the first one
    /// still may answer.
    let isRepeatable: Bool
    /// Whether a member without a leader answers so at once, rather than wait for one.
    let wantsLeader: Bool

    init(
        _ path: String, _ body: WireValue, doing: String, isRepeatable: Bool, wantsLeader: Bool = true
    ) throws(CoordinationError) {
        self.path = path
        self.doing = doing
        self.isRepeatable = isRepeatable
        self.wantsLeader = wantsLeader
        do {
            self.body = ByteBuffer(bytes: try body.json())
        } catch {
            throw CoordinationError(
                .settings, doing: doing, what: "the request cannot be written as JSON: \(error)", next: "Report this.",
                mayHaveArrived: false)
        }
    }
}

extension CoordinationError {
    static func cancelled(_ doing: String) -> CoordinationError {
        CoordinationError(
            .cancelled, doing: doing, what: "the task that asked was cancelled", next: "Ask again, if it still matters."
        )
    }

    static func late(_ doing: String, _ deadline: Duration, _ last: CoordinationError?) -> CoordinationError {
        CoordinationError(
            .deadline, doing: doing,
            what: "no etcd answered within \(deadline)"
                + (last.map { "; the last one that did not: \($0.what)" } ?? ""),
            next: "Check that a majority of the etcd members runs and can be reached.")
    }
}

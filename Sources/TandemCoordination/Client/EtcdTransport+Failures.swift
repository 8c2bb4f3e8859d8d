import AsyncHTTPClient
import Glibc
import NIOCore
import NIOPosix
import NIOSSL

extension EtcdTransport {
    /// What an error of the HTTP client says of a request.
    static func failure(_ error: any Error, _ doing: String, _ endpoint: EtcdEndpoint) -> CoordinationError {
        let reason: CoordinationError.Reason
        var mayHaveArrived = true
        var what = "\(error)"
        switch error {
        case is CancellationError: return .cancelled(doing)
        case let error as HTTPClientError:
            (reason, mayHaveArrived) = meaning(of: error)
            what = error.shortDescription
        // Before a connection stands, nothing is sent. That a host is unreachable, a connection that stands may say,
        // too.
        case is NIOConnectionError:
            reason = .unreachable
            mayHaveArrived = false
        case let error as IOError:
            reason = unreachable.contains(error.errnoCode) ? .unreachable : .connectionLost
            mayHaveArrived = error.errnoCode != ECONNREFUSED
        case is NIOTooManyBytesError:
            reason = .answerTooLarge
            what = "the answer is longer than this client takes"
        case is NIOSSLError, is BoringSSLError, is NIOSSLExtraError: reason = .certificate
        default: reason = .connectionLost
        }
        return CoordinationError(
            reason, doing: doing, what: "\(endpoint): \(what)", next: next(reason, endpoint),
            mayHaveArrived: mayHaveArrived)
    }

    private static let unreachable = [ECONNREFUSED, EHOSTUNREACH, ENETUNREACH, ENETDOWN, EHOSTDOWN]

    private static func meaning(of error: HTTPClientError) -> (CoordinationError.Reason, mayHaveArrived: Bool) {
        switch error {
        case .cancelled: (.cancelled, true)
        case .connectTimeout: (.unreachable, false)
        case .deadlineExceeded, .readTimeout, .writeTimeout: (.deadline, true)
        case .getConnectionFromPoolTimeout: (.unreachable, false)
        case .tlsHandshakeTimeout: (.unreachable, false)
        case .alreadyShutdown: (.settings, false)
        default: (.connectionLost, true)
        }
    }

    private static func next(_ reason: CoordinationError.Reason, _ endpoint: EtcdEndpoint) -> String {
        switch reason {
        case .certificate:
            "Check that \(endpoint) shows a certificate for that name, and that each side trusts the authority of the other's."
        case .answerTooLarge: "Ask for fewer keys at once."
        case .settings: "Make a new client: this one was shut down."
        default: "Check that etcd runs on \(endpoint), and the network between here and there."
        }
    }
}

import Foundation
import HTTPTypes
import Hummingbird
import NIOCore
import TandemBlueprint
import TandemPKI

/// `POST /alerts`: Alertmanager on this host has something to tell, and the agent runs a command for it. 204 when that
/// has done its work; 500 else, and Alertmanager asks again, as it does of any receiver.
///
/// A monitor's certificate opens it, and only the one of this very host: what other monitors tell is not run twice.
struct AlertRoute: Sendable {
    /// The stack's name.
    let stack: String
    let host: String
    let runner: AlertCommandRunner

    /// Two hundred alerts with all their labels are a tenth of it.
    static let largestMessage = 2 << 20

    func add(to router: Router<AgentRequestContext>) {
        router.group("").add(middleware: CertificateMiddleware(stack: stack, kinds: [.monitor]))
            .post(RouterPath(AlertCommand.path)) { request, context in
                guard context.caller?.host == host else {
                    throw HTTPError(.forbidden, message: "only the monitor on \(host) may tell its agent of alerts")
                }
                let body = Array(try await request.body.collect(upTo: Self.largestMessage).readableBytesView)
                guard let message = try? JSONText.decode(AlertMessage.self, from: body) else {
                    throw HTTPError(.badRequest, message: "this is no message of Alertmanager's")
                }
                do {
                    try await runner.run(message, body: body)
                } catch {
                    throw HTTPError(.internalServerError, message: "\(error)")
                }
                return Response(status: .noContent)
            }
    }
}

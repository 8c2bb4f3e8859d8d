import HTTPTypes
import Hummingbird
import Logging
import MySQLConnector

/// What a client is told when a request fails.
struct Failure {
    var status: HTTPResponse.Status
    /// By field; what belongs to none is under `message`.
    var problems: [String: [String]]

    init(_ error: any Error) {
        switch error {
        case let error as ValidationFailure:
            status = .unprocessableContent
            problems = error.problems
        case let error as any HTTPResponseError:
            status = error.status
            problems = ["message": [(error as? HTTPError)?.body ?? error.status.reasonPhrase]]
        case let error as MySQLError where error.code == .commitOutcomeUnknown:
            status = .serviceUnavailable
            problems = [
                "message": ["the database did not confirm in time; what was sent may or may not have been saved"]
            ]
        case let error as MySQLError
        where error.code != .server || [1290, 1792, 1836, 1053, 3032].contains(error.serverErrorNumber):
            status = .serviceUnavailable
            problems = ["message": ["the database cannot be reached at the moment; please try again"]]
        default:
            status = .internalServerError
            problems = ["message": ["something went wrong"]]
        }
    }
}

/// Turns errors into answers: RealWorld's shape under /api, a page elsewhere.
struct FailureMiddleware: RouterMiddleware {
    private struct Shape: Encodable {
        var errors: [String: [String]]
    }

    func handle(_ request: Request, context: Context, next: (Request, Context) async throws -> Response) async throws
        -> Response
    {
        do {
            return try await next(request, context)
        } catch {
            let failure = Failure(error)
            if failure.status.code >= 500 {
                context.logger.error(
                    "A request failed", metadata: ["path": "\(request.uri.path)", "error": "\(error)"])
            }
            var response: Response
            if request.uri.path.hasPrefix("/api/") || request.uri.path == "/api" {
                response = try .json(Shape(errors: failure.problems), status: failure.status)
            } else {
                response = .page(FailurePage(failure: failure).html, status: failure.status)
            }
            if failure.status == .serviceUnavailable { response.headers[.retryAfter] = "1" }
            return response
        }
    }
}

import HTTPTypes
import Hummingbird
import TandemTopology

/// Running a job by hand: `POST /jobs/NAME`, with the command line's certificate, answers with what became of the
/// order; `GET
/// /jobs/NAME?id=ID` says how that run stands, or the job's last one.
struct JobRoute: Sendable {
    /// nil: the agent is only just beginning.
    let runner: @Sendable () async -> JobRunner?

    func addStarting(to router: RouterGroup<AgentRequestContext>) {
        router.post("/jobs/:job") { _, context in
            let name = try context.parameters.require("job")
            return try Response.json(try await known().start(name))
        }
    }

    func addReading(to router: RouterGroup<AgentRequestContext>) {
        router.get("/jobs/:job") { request, context in
            let name = try context.parameters.require("job")
            let id = request.uri.queryParameters["id"].map(String.init) ?? ""
            guard let report = try await known().report(of: name, id: id) else {
                throw HTTPError(.notFound, message: "no run of '\(name)' is known")
            }
            return try Response.json(report)
        }
    }

    private func known() async throws -> JobRunner {
        guard let runner = await runner() else {
            throw HTTPError(.serviceUnavailable, message: "the agent is only just beginning")
        }
        return runner
    }
}

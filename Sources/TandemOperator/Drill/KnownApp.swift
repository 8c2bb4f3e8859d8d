import Foundation
import TandemDrill
import TandemStack

/// What is asked of an app whose stack file does not say.
enum KnownApp {
    /// The RealWorld back end of the default stack, and of others that follow that specification closely enough.
    static let realWorld = Drill.Write(
        path: "/api/articles",
        body: #"{"article":{"title":"drill {run} {number}","description":"drill","body":"{text}","tagList":[]}}"#,
        contentType: "application/json", reread: "/api/articles/drill-{run}-{number}",
        check: "/api/articles?limit=100&offset={offset}", checkStep: 100)
    static let realWorldReads = ["/api/articles", "/", "/api/tags"]

    /// Looks, without writing anything.
    static func isRealWorld(_ door: any FrontDoor) async -> Bool {
        guard let answer = try? await door.fetch("/api/articles?limit=1"), answer.status == 200 else { return false }
        let text = String(decoding: answer.body, as: UTF8.self)
        return text.hasPrefix(#"{"articles":["#) && text.contains(#""articlesCount":"#)
    }

    static func plan(
        _ stack: Stack, door: any FrontDoor, clients: Int, rate: Double, patience: Duration
    ) async -> TrafficPlan {
        let drill = stack.drill
        var plan = TrafficPlan(
            reads: [drill.read ?? stack.app.health], write: drill.write, clients: clients, rate: rate,
            patience: patience)
        if drill.read == nil, drill.write == nil, await isRealWorld(door) {
            plan.reads = realWorldReads
            plan.write = realWorld
        }
        return plan
    }
}

import Foundation
import TandemAgent
import TandemDrill
import TandemStack

/// Where a drill takes place, and how it gets at what it breaks there.
struct DrillGround: Sendable {
    /// As the stack file has it.
    var stack: Stack
    var url: String
    /// The front, as a visitor comes in who waits for so long.
    var door: @Sendable (Duration) -> HTTPFrontDoor
    /// Where its ledgers lie.
    var folder: String
    var drilled: any DrilledStack
    var place: any FaultPlace
    var limits: PlaceLimits
    /// - Parameter log: where what heals when the drill dies may say something.
    var healer: @Sendable (_ log: String) throws -> any HealerLink
    var checkNobodyChanges: @Sendable () throws -> Void = {}
    /// Returns when what a drill cannot do without is gone, with what that is and what becomes of what was broken; nil:
    /// it never will be.
    var end: @Sendable () async -> String? = { nil }
}

/// A drill of a stack on this machine.
package struct LocalDrill: Sendable {
    let request: DrillRequest
    let project: Project
    let applied: AppliedStack
    let client: AgentClient

    private let hands = DrillHands.link()

    package init(request: DrillRequest, project: Project, applied: AppliedStack, client: AgentClient) {
        self.request = request
        self.project = project
        self.applied = applied
        self.client = client
    }

    /// - Returns: whether a promise was broken, or something became slower.
    package func run() async throws -> Bool {
        let limits = try await hands?.limits() ?? .ordinaryUser
        return try await LocalDrilledStack(project: project, applied: applied, client: client).watched { stack in
            try await DrillSession(request: request, ground: ground(stack, limits)).run()
        }
    }

    private func ground(_ stack: LocalDrilledStack, _ limits: PlaceLimits) -> DrillGround {
        DrillGround(
            stack: project.stack, url: applied.url,
            door: { [project, applied] patience in
                HTTPFrontDoor(
                    url: applied.url, name: applied.stack.domain, address: applied.frontProbeAddress,
                    caFile: project.folder.caFile, patience: patience)
            },
            folder: "\(project.folder.path)/drill", drilled: stack, place: LocalPlace(hands: hands), limits: limits,
            healer: { [project] in try HealerProcess.start(project: project, log: $0) },
            // The lock is let go at once: a drill starts the stack itself after a full outage.
            checkNobodyChanges: { [project] in
                guard try FileLock(path: project.folder.changeLock) != nil else {
                    throw Failure(.failed, "another `tandem` is changing '\(project.stack.name)'; wait for it")
                }
            },
            end: { [hands] in
                guard let hands else { return nil }
                await hands.waitForEnd()
                return "the part of it that is root was ended, and what was broken was healed"
            })
    }
}

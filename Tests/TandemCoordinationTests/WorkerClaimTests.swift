import Testing

@testable import TandemCoordination

/// What a host may do with a worker that one host at a time runs, by what etcd said and by its own clock.
@Suite struct WorkerClaimTests {
    private static let start = ContinuousClock.now
    /// Of a worker that may take 10 s to end.
    private static let time = WorkerClaim.leaseTime(stopBound: .seconds(10))

    private static func at(_ seconds: Double) -> ContinuousClock.Instant { start + .seconds(seconds) }

    private static func lease(_ number: Int64 = 7, renewedAt seconds: Double = 0) -> Lease {
        Lease(id: LeaseID(number), timeToLive: time, validUntil: at(seconds) + time)
    }

    @Test func aLeaseLastsForThePatienceTheEndAndAMargin() {
        #expect(Self.time == .seconds(25))
        #expect(WorkerClaim.leaseTime(stopBound: .seconds(600)) == .seconds(615))
    }

    struct Moment: Sendable {
        var seconds: Double
        var right: WorkerClaim.Right
        var step: WorkerClaim.Step
    }

    private static let renew = WorkerClaim.Step.renew(LeaseID(7))
    static let silence = [
        Moment(seconds: 0, right: .run, step: renew),
        Moment(seconds: 9.9, right: .run, step: renew),
        // It gets the time that it may take, and is killed 5 s before etcd can give the key away.
        Moment(seconds: 10, right: .end(within: .seconds(10)), step: renew),
        Moment(seconds: 18, right: .end(within: .seconds(2)), step: renew),
        Moment(seconds: 20, right: .end(within: .zero), step: renew),
        Moment(seconds: 24.9, right: .end(within: .zero), step: renew),
        Moment(seconds: 25, right: .end(within: .zero), step: .take),
        Moment(seconds: 9999, right: .end(within: .zero), step: .take),
    ]

    @Test(arguments: silence) func whatIsNotRenewedEndsBeforeItsLeaseMayBeOut(_ moment: Moment) {
        var claim = WorkerClaim()
        claim.heard(.held(Self.lease()))
        for heard in [WorkerClaim.Answer?.none, .silent] {
            if let heard { claim.heard(heard) }
            #expect(claim.right(at: Self.at(moment.seconds)) == moment.right)
            #expect(claim.step(at: Self.at(moment.seconds)) == moment.step)
        }
        // An agent that begins anew goes on from what was written down.
        #expect(WorkerClaim(lease: Self.lease()).right(at: Self.at(moment.seconds)) == moment.right)
    }

    @Test func aRenewalCountsFromBeforeItWasAskedFor() {
        var claim = WorkerClaim(lease: Self.lease())
        claim.heard(.silent)
        claim.heard(.held(Self.lease(renewedAt: 9)))
        #expect(!claim.isSilent)
        #expect(claim.right(at: Self.at(18.9)) == .run)
        #expect(claim.right(at: Self.at(19)) == .end(within: .seconds(10)))
    }

    @Test(arguments: [WorkerClaim.Answer.gone, .taken(by: "server2"), .taken(by: nil)])
    func whatIsLostEndsAtOnce(_ answer: WorkerClaim.Answer) {
        var claim = WorkerClaim(lease: Self.lease())
        claim.heard(answer)
        #expect(claim.right(at: Self.at(0)) == .end(within: .zero) && claim.step(at: Self.at(0)) == .take)
        #expect(claim.holder == (answer == .taken(by: "server2") ? "server2" : nil))
    }

    @Test func whoHasNothingRunsNothingWhateverEtcdDoesNotSay() {
        var claim = WorkerClaim()
        for heard in [WorkerClaim.Answer?.none, .silent, .taken(by: "server1"), .silent] {
            if let heard { claim.heard(heard) }
            #expect(claim.right(at: Self.at(0)) == .end(within: .zero) && claim.step(at: Self.at(0)) == .take)
        }
        #expect(claim.isSilent && claim.holder == "server1")
        claim.heard(.held(Self.lease()))
        claim.gaveUp()
        #expect(claim == WorkerClaim())
    }
}

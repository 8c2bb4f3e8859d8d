import Testing

@testable import TandemFailover

/// A row of the table: what is recorded, seen and known, and the statement that follows.
private struct Row: CustomTestStringConvertible, Sendable {
    let testDescription: String
    var standing = StateRecord.Standing.alone
    let seen: ServerObservation
    var situation = PrimarySituation(mayAcknowledgeAlone: true, admissible: HostSet(HostID(1)))
    let next: ServerCommand?

    init(
        _ text: String, _ standing: StateRecord.Standing, _ access: ServerObservation.Access, _ next: ServerCommand?,
        see: (inout ServerObservation) -> Void = { _ in }, when: (inout PrimarySituation) -> Void = { _ in }
    ) {
        testDescription = text
        self.standing = standing
        var seen = ServerObservation(
            life: .up, access: access, isSourceSideOn: standing != .alone, admitted: HostSet(HostID(1)))
        see(&seen)
        self.seen = seen
        when(&situation)
        self.next = next
    }
}

@Suite("The next statement for a primary's server")
struct PrimaryStepTests {
    private static let pair = StateRecord.Standing.paired(HostID(1))
    private static let joining = StateRecord.Standing.joining(HostID(1))
    private static let partner = HostSet(HostID(1))

    private static let rows: [Row] = [
        // Sealing goes before everything.
        Row("seals, also when it should close", .alone, .writing, .stopReceiver) {
            $0.receiver = .connected
        } when: {
            $0.mustFence = true
        },
        Row("closes when it must", pair, .writing, .setAccess(.closed)) { _ in
        } when: {
            $0.mustFence = true
        },
        Row("is killed where closing failed on a commit that waits", pair, .writing, .killServer) { _ in
        } when: {
            $0.mustFence = true
            $0.closeNeedsKill = true
        },
        Row("closes for a switchover", pair, .writing, .setAccess(.closed)) { _ in
        } when: {
            $0.isHandingOver = true
        },
        Row("stays closed for a switchover", pair, .closed, nil) { _ in
        } when: {
            $0.isHandingOver = true
        },
        // A planned stop.
        Row("closes before it is stopped", .alone, .writing, .setAccess(.closed)) { _ in
        } when: {
            $0.mustStop = true
        },
        Row("is stopped once it is closed", .alone, .closed, .stopServer) { _ in
        } when: {
            $0.mustStop = true
        },
        Row("is killed, not stopped, while a commit waits", pair, .closed, .killServer) {
            $0.hasWaitingCommits = true
        } when: {
            $0.mustStop = true
        },
        // Alone.
        Row("switches the source side off before it admits", .alone, .writing, .setSourceSide(false)) {
            $0.isSourceSideOn = true
            $0.admitted = HostSet()
        },
        Row("keeps the source side on until it may acknowledge alone", .alone, .closed, nil) {
            $0.isSourceSideOn = true
        } when: {
            $0.mayAcknowledgeAlone = false
        },
        Row("applies all before it opens", .alone, .closed, .startApplier) { $0.hasAppliedAll = false },
        Row("waits for the applier", .alone, .closed, nil) {
            $0.hasAppliedAll = false
            $0.isApplierOn = true
        },
        Row(
            "opens before it stops its applier, which has nothing left to apply", .alone, .reading, .setAccess(.writing)
        ) {
            $0.source = HostID(1)
            $0.isApplierOn = true
        },
        Row("stops the applier before it forgets its source", .alone, .writing, .stopApplier) {
            $0.source = HostID(1)
            $0.isApplierOn = true
        },
        Row("forgets its source once it is open", .alone, .writing, .forgetSource) { $0.source = HostID(1) },
        Row("forgets its source while it may not open", .alone, .closed, .forgetSource) {
            $0.source = HostID(1)
        } when: {
            $0.isSure = false
        },
        Row("admits before it forgets its source: whoever is to join waits for that", .alone, .writing, .admit(partner))
        {
            $0.source = HostID(1)
            $0.admitted = HostSet()
        },
        Row("forgets its source before it waits for a candidate", joining, .writing, .forgetSource) {
            $0.source = HostID(1)
            $0.isSourceSideOn = false
        } when: {
            $0.isCandidateReady = true
        },
        Row("forgets its source before it opens in a pair", pair, .closed, .forgetSource) { $0.source = HostID(1) },
        Row("opens for itself to prepare the database", .alone, .closed, .setAccess(.guarded)) {
            $0.isPrepared = false
        },
        Row("prepares the database", .alone, .guarded, .prepareDatabase) { $0.isPrepared = false },
        Row(
            "prepares the database before it admits anybody: there are no accounts yet", .alone, .guarded,
            .prepareDatabase
        ) {
            $0.isPrepared = false
            $0.admitted = HostSet()
        },
        Row("opens", .alone, .closed, .setAccess(.writing)),
        Row(
            "opens with others admitted: accounts cannot be changed while it is closed", .alone, .closed,
            .setAccess(.writing)
        ) {
            $0.admitted = HostSet()
        },
        Row("admits once it is open", .alone, .writing, .admit(partner)) { $0.admitted = HostSet() },
        Row("does not open while it is not sure", .alone, .closed, nil) { _ in
        } when: {
            $0.isSure = false
        },
        Row("has nothing to do", .alone, .writing, nil),
        // Joining.
        Row("admits the candidate alone before it waits for it", joining, .writing, .admit(partner)) {
            $0.isSourceSideOn = false
            $0.admitted = HostSet(HostID(1), HostID(2))
        } when: {
            $0.isCandidateReady = true
        },
        Row("waits for a candidate that is ready", joining, .writing, .setSourceSide(true)) {
            $0.isSourceSideOn = false
        } when: {
            $0.isCandidateReady = true
        },
        Row("does not wait for one that is not", joining, .writing, nil) { $0.isSourceSideOn = false },
        Row("lets go of a hopeless one", joining, .writing, .setSourceSide(false)) { _ in
        } when: {
            $0.isCandidateHopeless = true
        },
        // In a pair.
        Row("opens for its heartbeat first", pair, .closed, .setAccess(.guarded)),
        Row("admits before it is proven", pair, .guarded, .admit(partner)) {
            $0.admitted = HostSet(HostID(2))
        } when: {
            $0.isProven = true
        },
        Row("waits for the proof", pair, .guarded, nil),
        Row("opens when it is proven", pair, .guarded, .setAccess(.writing)) { _ in
        } when: {
            $0.isProven = true
        },
        Row("does not open before it has claimed", pair, .closed, nil) { _ in
        } when: {
            $0.hasClaimed = false
        },
        Row("never switches the source side off", pair, .writing, nil) { _ in
        } when: {
            $0.isUnacknowledged = true
        },
        Row(
            "notes since when it waits", pair, .writing,
            .noteWaiting(WaitingPair(acknowledger: HostID(1), epoch: 3))
        ) { _ in
        } when: {
            $0.isProven = true
        },
        Row("notes it once", pair, .writing, nil) {
            $0.noted = WaitingPair(acknowledger: HostID(1), epoch: 3)
        } when: {
            $0.isProven = true
        },
    ]

    @Test("Each step in its place", arguments: rows)
    fileprivate func steps(row: Row) {
        let record = StateRecord(epoch: 3, primary: HostID(0), standing: row.standing)
        #expect(PrimaryStep(record: record, seen: row.seen, situation: row.situation).next() == row.next)
    }
}

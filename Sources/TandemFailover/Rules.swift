/// The rules of the protocol that tests can leave out one by one, to show what each is there for. In production all
/// hold.
package struct Rules: Hashable, Sendable {
    /// A primary stops waiting for its partner only after etcd names no partner.
    package var shrinksStoreFirst = true
    /// A promoted server opens only after it has applied all that it received.
    package var appliesBeforeOpening = true
    /// Nobody but the recorded partner is promoted.
    package var promotesPartnerOnly = true
    /// Nobody is promoted while the primary is alone.
    package var promotesFromPairOnly = true
    /// A primary is sure of its lead only after it read `leader`, not because its lease renews.
    package var readsLeader = true
    /// A pair is recorded only after a heartbeat that began with the source side on was acknowledged.
    package var provesBeforePairing = true
    /// The database is a pair before etcd says so.
    package var growsDatabaseFirst = true
    /// A partner whose promotion has an unknown outcome stays sealed.
    package var staysSealedWhileUnknown = true
    /// No receiver starts before etcd was read.
    package var readsBeforeReceiving = true
    /// The receiver is seen off before the promotion.
    package var sealsBeforePromoting = true
    /// A transaction without an answer is repeated until it has one.
    package var repeatsUnknownWrites = true
    /// A new agent moves the revision before its server acknowledges alone.
    package var claimsFirst = true
    /// The primary admits nobody but the host that it waits for, and those who said that they do not acknowledge.
    package var admitsNamedOnly = true
    /// A new agent first ends the sessions of earlier ones.
    package var endsOldSessions = true
    /// A server that returns is compared with the primary before it follows.
    package var comparesBeforeFollowing = true
    /// What the primary lacks is exported before it is thrown away.
    package var exportsBeforeCutting = true
    /// A primary that boots in a pair opens to clients only after a heartbeat was acknowledged.
    package var provesBeforeOpening = true
    /// A primary that is alone does not close when it loses sight of etcd.
    package var staysOpenAlone = true
    /// A server that cannot close because a commit waits is killed.
    package var killsToClose = true
    /// The source side is off while a server applies what it received.
    package var appliesWithSourceSideOff = true
    /// A statement that does not answer is ended together with its server.
    package var endsHangingStatements = true
    /// A forced change of primary compares the revision of `state` that its operator saw.
    package var checksForcedRevision = true
    /// A heartbeat that waits for nobody and does not come back is given up.
    package var forgetsLostHeartbeats = true
    /// The accounts of replicas are changed only while the server takes commits.
    package var admitsOnOpenServer = true
    /// A waiting note counts only where the host that it names was promoted out of the pair that it names.
    package var checksWaitingNote = true
    /// The database is prepared before clients get in.
    package var preparesBeforeOpening = true
    /// A heartbeat that failed proves nothing.
    package var needsCommittedHeartbeat = true
    /// The applier is stopped before replication is pointed elsewhere.
    package var stopsApplierFirst = true
    /// A server is closed, and nothing waits on it, before it is stopped on purpose.
    package var closesBeforeStopping = true
    /// A host whose server has a statement that was given up does not say that it does not acknowledge.
    package var heedsAbandonedStatements = true
    /// A host founds no stack before it has heard from all that hold data that none of them has any, or was in one.
    package var asksBeforeFounding = true
    /// Of an operator's words about a server the newest counts, in whichever order they arrive.
    package var heedsNewestHold = true
    /// What was received while nobody waited for it is applied before anything is acknowledged.
    package var appliesBeforeAcknowledging = true
    /// A server has its commits on disk before its host acknowledges or leads.
    package var isDurableBeforeAcknowledging = true
    /// Data that may be torn is replaced by a copy.
    package var replacesTornData = true
    /// A primary blames its partner only while its own server answers.
    package var shrinksWhenAnswering = true
    /// A server that takes no more connections is not taken for one that hangs.
    package var toleratesCrowding = true

    package init() {}
}

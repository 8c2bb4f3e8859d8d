/* The core of the failover protocol, for two hosts with data, out of time: every order of what may happen.
 *
 * Checked by bin/model with spin. The rules are those of docs/failover.md, written down a second time by hand; what is left out
 * or simplified is said there, under "A model of the core". Times, leases and suspicions have no place in it: whatever is
 * under way may happen now or much later, and any agent may lose its patience at any moment. No rule depends on them.
 *
 * A revision of `state` is not counted. A transaction under way either compares the present revision ("live"), so that
 * what it does follows from its purpose and the present record, or it can never take place.
 *
 * Bounds: EPOCHS epochs, WRITES client writes. Servers, agents and hosts may crash, links may break and heal, messages may
 * be late or lost, at any moment and any number of times; with -DFAULTS=n, at most n crashes and broken connections.
 * -DBREAK_… leaves out a rule.
 */

#ifndef EPOCHS
#define EPOCHS 3
#endif
#ifndef WRITES
#define WRITES 2
#endif

#ifdef FAULTS
byte faults = 0;
#define mayFail (faults < FAULTS)
#define FAILS faults++;
#else
#define mayFail true
#define FAILS
#endif

/* Who may be promoted. */
#define SOLO 0
#define JOINING 1
#define PAIR 2

/* Whom a server lets in. */
#define CLOSED 0
#define GUARDED 1
#define WRITING 2

/* Purposes of transactions. */
#define NONE 0
#define CLAIM 1
#define SHRINK 2
#define PROPOSING 3
#define PAIRING 4
#define PROMOTE 5

/* Statements that can do harm when they take effect late, even after their agent died: a bit each. All others take effect
 * at once; a late one of those is the same as an agent that decides late. */
#define SRC_OFF 1
#define REP_ON 2
#define RECEIVE 4
#define OPEN 8

#define other(i) (1 - (i))
#define within(a, b) (((a) & ~(b)) == 0)

/* etcd */
byte primary = 0;
byte standing = SOLO;
byte epoch = 1;

/* What is under way to etcd and live: of the present agent, and of earlier ones. A bit for each purpose. */
byte net[2];
byte oldNet[2];

/* Servers */
bit up[2];
byte access[2];
bit source[2];
bit replica[2];
bit receiver[2];
bit connected[2];
bit acknowledging[2];
bit hasSource[2];
byte attached[2];
/* Transactions, one bit each: received, logged, committed in the engine. Each contains the next. */
byte received[2];
byte logged[2];
byte committed[2];
/* Acknowledged to this server, under way. */
byte acks[2];
/* The marker row: 0 none, 1 begun, 2 on the partner's disk. */
byte marker[2];
/* Statements of the present agent (one at most) and of earlier ones. */
byte statement[2];
byte orphans[2];
byte statementEpoch[2];
byte orphanEpoch[2];

/* Agents */
bit alive[2];
bit endedOld[2];
bit hasRead[2];
byte knownPrimary[2];
byte knownStanding[2];
byte knownEpoch[2];
/* The revision that it knows is the present one. Agents do not see this. */
bit fresh[2];
/* The revision has not moved since its first read. */
bit unclaimed[2];
bit stale[2];
byte pending[2];
/* Its transaction took place, the answer is under way; and nothing was written since. */
bit answered[2];
bit answerFresh[2];
bit sealed[2];
/* Rejoining */
byte compared[2];
bit hasAnswer[2];
byte answerSet[2];

/* Clients */
byte writes = 0;
byte acknowledged = 0;

#define waits(i) (up[i] && !hasSource[i] && logged[i] != committed[i])
#define able(i) (up[i] && access[i] == WRITING && (!source[i] || (up[other(i)] && connected[other(i)] && acknowledging[other(i)])))
#define named(i) (knownStanding[i] != SOLO)
#define mayWrite(i) (alive[i] && hasRead[i] && pending[i] == NONE && !stale[i])
#define leads(i) (alive[i] && hasRead[i] && knownPrimary[i] == i)
#define follows(i) (alive[i] && hasRead[i] && knownPrimary[i] == other(i))
#define mayCommand(i) (alive[i] && endedOld[i] && statement[i] == 0)
#define isPartner(i) (follows(i) && knownStanding[i] == PAIR)
#define isAttached(i) (hasSource[i] && attached[i] == knownEpoch[i])
#define promotes(i) (sealed[i] || pending[i] == PROMOTE)

#ifdef BREAK_CLAIM
#define hasClaimed(i) true
#else
#define hasClaimed(i) (!unclaimed[i])
#endif
#define mayAcknowledgeAlone(i) (leads(i) && knownStanding[i] != PAIR && !stale[i] && pending[i] != PAIRING && hasClaimed(i))

inline check() {
    assert(within(acknowledged, received[primary]));
    assert(standing != PAIR || within(acknowledged, received[other(primary)]));
    assert(!(able(0) && able(1)));
    assert(!able(0) || within(acknowledged, committed[0]));
    assert(!able(1) || within(acknowledged, committed[1]))
}

#define forgetComparison(i) hasAnswer[i] = 0; answerSet[i] = 0; compared[i] = 0

/* Commits in the engine, and tells the clients. */
inline release(i, set) {
    acknowledged = acknowledged | ((set) & logged[i] & ~committed[i]);
    committed[i] = committed[i] | ((set) & logged[i]);
    acks[i] = acks[i] & ~committed[i]
}

inline cutConnection(i) { connected[i] = 0; acknowledging[i] = 0 }

inline stopServer(i) {
    up[i] = 0; access[i] = CLOSED; receiver[i] = 0; replica[i] = 0; source[i] = 1;
    cutConnection(i); cutConnection(other(i));
    acks[i] = 0; marker[i] = 0; statement[i] = 0; orphans[i] = 0; statementEpoch[i] = 0; orphanEpoch[i] = 0;
    if :: alive[i] -> endedOld[i] = 1 :: else fi;
    hasAnswer[i] = 0; answerSet[i] = 0
}

inline endAgent(i) {
    alive[i] = 0; endedOld[i] = 0; hasRead[i] = 0; knownPrimary[i] = 0; knownStanding[i] = 0; knownEpoch[i] = 0;
    fresh[i] = 0; unclaimed[i] = 0; stale[i] = 0; pending[i] = NONE; answered[i] = 0; answerFresh[i] = 0; sealed[i] = 0;
    compared[i] = 0; hasAnswer[i] = 0; answerSet[i] = 0; marker[i] = 0;
    oldNet[i] = oldNet[i] | net[i]; net[i] = 0;
    orphans[i] = orphans[i] | statement[i];
    if :: statement[i] == RECEIVE -> orphanEpoch[i] = statementEpoch[i] :: else fi;
    statement[i] = 0; statementEpoch[i] = 0
}

inline sendTransaction(i, purpose) {
    pending[i] = purpose; answered[i] = 0; answerFresh[i] = 0;
    if :: fresh[i] -> net[i] = net[i] | (1 << (purpose)) :: else fi
}

/* The agent takes over a newer record. */
inline adopt(i, p, s, e) {
    if
    :: knownEpoch[i] != (e) || (knownStanding[i] != (s) && (knownStanding[i] == SOLO || (s) == SOLO)) ->
        /* What a row proved for others, it does not prove now. */
        marker[i] = 0
    :: else
    fi;
    if
    :: knownEpoch[i] != (e) -> forgetComparison(i)
    :: else
    fi;
    knownPrimary[i] = p; knownStanding[i] = s; knownEpoch[i] = e;
    if :: !((p) == other(i) && (s) == PAIR) -> sealed[i] = 0 :: else fi
}

/* A transaction takes place. */
inline takePlace(i, purpose) {
    net[0] = 0; net[1] = 0; oldNet[0] = 0; oldNet[1] = 0;
    fresh[0] = 0; fresh[1] = 0; answerFresh[0] = 0; answerFresh[1] = 0;
    if
    :: purpose == CLAIM
    :: purpose == SHRINK -> standing = SOLO
    :: purpose == PROPOSING -> standing = JOINING
    :: purpose == PAIRING -> standing = PAIR
    :: purpose == PROMOTE ->
        assert(standing == PAIR && primary == other(i));
        primary = i; standing = SOLO; epoch = epoch + 1
    fi
}

inline execute(i, what, forEpoch) {
    if
    :: what == SRC_OFF -> source[i] = 0; marker[i] = 0; release(i, 255)
    :: what == REP_ON -> replica[i] = 1
    :: what == RECEIVE ->
        if :: !hasSource[i] -> received[i] = logged[i]; hasSource[i] = 1 :: else fi;
        attached[i] = forEpoch; receiver[i] = 1
    /* What readers see from here on must not be lost any more than what was acknowledged. */
    :: what == OPEN -> access[i] = WRITING; acknowledged = acknowledged | committed[i]
    fi
}

inline stopReceiver(i) { receiver[i] = 0; cutConnection(i) }

#define hostSteps(i) \
    /* ---- the host and its network */ \
    :: d_step { mayFail && up[i] -> FAILS stopServer(i); check() } \
    :: d_step { mayFail && alive[i] -> FAILS endAgent(i); check() } \
    :: d_step { mayFail && (alive[i] || up[i]) -> FAILS stopServer(i); endAgent(i); orphans[i] = 0; orphanEpoch[i] = 0; check() } \
    :: d_step { !alive[i] -> alive[i] = 1; endedOld[i] = !up[i] } \
    :: d_step { mayFail && connected[i] -> FAILS cutConnection(i) } \
    :: d_step { up[i] && receiver[i] && hasSource[i] && !connected[i] && up[other(i)] && \
        (within(received[i], logged[other(i)]) || attached[i] == epoch) -> \
        assert(within(received[i], logged[other(i)])); \
        connected[i] = 1; acknowledging[i] = replica[i]; check() } \
    /* ---- replication */ \
    :: d_step { connected[i] && (received[i] != logged[other(i)] || (acknowledging[i] && \
        (marker[other(i)] == 1 || !within(received[i], acks[other(i)] | committed[other(i)])))) -> \
        received[i] = received[i] | logged[other(i)]; \
        if :: acknowledging[i] -> \
            acks[other(i)] = acks[other(i)] | (received[i] & ~committed[other(i)]); \
            if :: marker[other(i)] == 1 && source[other(i)] -> marker[other(i)] = 2 :: else fi \
           :: else fi; check() } \
    :: d_step { up[i] && acks[i] != 0 && source[i] -> release(i, acks[i]); acks[i] = 0; check() } \
    :: d_step { up[i] && hasSource[i] && !source[i] && logged[i] != received[i] -> \
        logged[i] = received[i]; committed[i] = received[i]; check() } \
    /* ---- clients */ \
    :: d_step { up[i] && access[i] == WRITING && writes < WRITES -> \
        assert(received[i] == logged[i]); \
        received[i] = received[i] | (1 << writes); logged[i] = logged[i] | (1 << writes); writes++; \
        if :: !source[i] -> release(i, 255) :: else fi; check() } \
    /* ---- etcd: what is under way takes place, or its sender learns that it cannot */ \
    :: d_step { net[i] != 0 && (pending[i] != PROMOTE || epoch < EPOCHS) -> \
        takePlace(i, pending[i]); answered[i] = 1; answerFresh[i] = 1; check() } \
    :: d_step { (oldNet[i] & (1 << CLAIM)) != 0 -> takePlace(i, CLAIM); check() } \
    :: d_step { (oldNet[i] & (1 << SHRINK)) != 0 -> takePlace(i, SHRINK); check() } \
    :: d_step { (oldNet[i] & (1 << PROPOSING)) != 0 -> takePlace(i, PROPOSING); check() } \
    :: d_step { (oldNet[i] & (1 << PAIRING)) != 0 -> takePlace(i, PAIRING); check() } \
    :: d_step { (oldNet[i] & (1 << PROMOTE)) != 0 && epoch < EPOCHS -> takePlace(i, PROMOTE); check() } \
    :: d_step { alive[i] && pending[i] != NONE && answered[i] -> \
        if \
        :: pending[i] == CLAIM \
        :: pending[i] == SHRINK -> adopt(i, i, SOLO, knownEpoch[i]) \
        :: pending[i] == PROPOSING -> adopt(i, i, JOINING, knownEpoch[i]) \
        :: pending[i] == PAIRING -> adopt(i, i, PAIR, knownEpoch[i]) \
        :: pending[i] == PROMOTE -> adopt(i, i, SOLO, (knownEpoch[i] + 1)) \
        fi; \
        fresh[i] = answerFresh[i]; unclaimed[i] = 0; pending[i] = NONE; answered[i] = 0; answerFresh[i] = 0; sealed[i] = 0 } \
    :: d_step { alive[i] && pending[i] != NONE && !fresh[i] -> \
        pending[i] = NONE; answered[i] = 0; answerFresh[i] = 0; stale[i] = 1; sealed[i] = 0 } \
    /* ---- the agent reads etcd */ \
    :: d_step { alive[i] && (!hasRead[i] || !fresh[i] || stale[i]) -> \
        if \
        :: !hasRead[i] -> hasRead[i] = 1; unclaimed[i] = 1; adopt(i, primary, standing, epoch) \
        :: hasRead[i] && !fresh[i] -> unclaimed[i] = 0; pending[i] = NONE; answered[i] = 0; answerFresh[i] = 0; \
            adopt(i, primary, standing, epoch) \
        :: else \
        fi; \
        fresh[i] = 1; stale[i] = 0 } \
    READ_PROVES(i) \
    UNKNOWN_UNSEALS(i) \
    /* ---- statements */ \
    :: d_step { alive[i] && !endedOld[i] -> endedOld[i] = 1; orphans[i] = 0; orphanEpoch[i] = 0 } \
    :: d_step { up[i] && statement[i] != 0 -> execute(i, statement[i], statementEpoch[i]); statement[i] = 0; statementEpoch[i] = 0; check() } \
    ORPHAN(i, SRC_OFF) ORPHAN(i, REP_ON) ORPHAN(i, RECEIVE) ORPHAN(i, OPEN) \
    /* one that does not answer is ended with its server */ \
    :: d_step { alive[i] && up[i] && statement[i] != 0 -> stopServer(i); check() } \
    /* ---- the primary, in etcd */ \
    :: d_step { mayWrite(i) && leads(i) && unclaimed[i] -> sendTransaction(i, CLAIM) } \
    :: d_step { mayWrite(i) && leads(i) && !unclaimed[i] && knownStanding[i] == SOLO && up[i] && access[i] == WRITING && \
        !source[i] && statement[i] == 0 -> sendTransaction(i, PROPOSE_AS) } \
    :: d_step { mayWrite(i) && leads(i) && !unclaimed[i] && knownStanding[i] == JOINING -> sendTransaction(i, SHRINK) } \
    :: d_step { mayWrite(i) && leads(i) && !unclaimed[i] && knownStanding[i] == JOINING && up[i] && access[i] == WRITING && \
        source[i] && ENDED(i) && statement[i] == 0 && PROVEN(i) -> sendTransaction(i, PAIRING) } \
    :: d_step { mayWrite(i) && leads(i) && !unclaimed[i] && knownStanding[i] == PAIR -> sendTransaction(i, SHRINK) } \
    /* ---- the primary, at its server */ \
    :: d_step { leads(i) && up[i] && access[i] != CLOSED && source[i] && marker[i] == 0 && named(i) -> marker[i] = 1 } \
    :: d_step { leads(i) && mayCommand(i) && !up[i] -> BOOT(i) } \
    :: d_step { leads(i) && mayCommand(i) && up[i] && receiver[i] -> stopReceiver(i) } \
    :: d_step { leads(i) && mayCommand(i) && up[i] && access[i] != CLOSED && \
        (knownStanding[i] == PAIR || pending[i] == PAIRING) -> access[i] = CLOSED; marker[i] = 0; check() } \
    :: d_step { leads(i) && mayCommand(i) && up[i] && access[i] == CLOSED && waits(i) -> UNSTICK(i) } \
    :: d_step { leads(i) && mayCommand(i) && up[i] && SEALED(i) && !source[i] && named(i) -> source[i] = 1; marker[i] = 0; check() } \
    :: d_step { mayCommand(i) && up[i] && SEALED(i) && source[i] && mayAcknowledgeAlone(i) -> statement[i] = SRC_OFF } \
    SHRINK_DATABASE(i) \
    :: d_step { leads(i) && mayCommand(i) && up[i] && SEALED(i) && hasSource[i] && logged[i] == received[i] -> hasSource[i] = 0 } \
    :: d_step { leads(i) && mayCommand(i) && up[i] && CLEAN(i) && !stale[i] && access[i] != WRITING && \
        knownStanding[i] != PAIR && !source[i] -> statement[i] = OPEN } \
    :: d_step { leads(i) && mayCommand(i) && up[i] && CLEAN(i) && !stale[i] && access[i] == CLOSED && \
        knownStanding[i] == PAIR && source[i] -> access[i] = GUARDED } \
    :: d_step { leads(i) && mayCommand(i) && up[i] && CLEAN(i) && !stale[i] && access[i] == GUARDED && \
        knownStanding[i] == PAIR && source[i] && PROVEN(i) -> statement[i] = OPEN } \
    /* ---- anybody else, at its server */ \
    :: d_step { follows(i) && mayCommand(i) && !up[i] && (isPartner(i) || compared[i] == knownEpoch[i]) -> BOOT(i) } \
    :: d_step { follows(i) && mayCommand(i) && up[i] && access[i] != CLOSED -> access[i] = CLOSED; marker[i] = 0; check() } \
    :: d_step { follows(i) && mayCommand(i) && up[i] && access[i] == CLOSED && waits(i) -> UNSTICK(i) } \
    :: d_step { QUIET(i) && source[i] -> statement[i] = SRC_OFF } \
    :: d_step { QUIET(i) && !source[i] && isAttached(i) && replica[i] && !named(i) && receiver[i] -> stopReceiver(i) } \
    :: d_step { QUIET(i) && !source[i] && isAttached(i) && replica[i] && !named(i) && !receiver[i] -> replica[i] = 0 } \
    :: d_step { QUIET(i) && !source[i] && isAttached(i) && !replica[i] && named(i) -> statement[i] = REP_ON } \
    :: d_step { QUIET(i) && !source[i] && isAttached(i) && replica[i] == named(i) && connected[i] && \
        acknowledging[i] != named(i) -> stopReceiver(i) } \
    :: d_step { QUIET(i) && !source[i] && isAttached(i) && replica[i] == named(i) && !receiver[i] && !stale[i] && \
        pending[i] == NONE -> statement[i] = RECEIVE; statementEpoch[i] = knownEpoch[i] } \
    /* ---- the partner takes over: seal, see the receiver off, one transaction */ \
    :: d_step { isPartner(i) && mayCommand(i) && up[i] && access[i] == CLOSED && !waits(i) && !promotes(i) -> sealed[i] = 1 } \
    :: d_step { sealed[i] && pending[i] != PROMOTE -> sealed[i] = 0 } \
    :: d_step { follows(i) && mayCommand(i) && up[i] && promotes(i) && receiver[i] -> stopReceiver(i) } \
    :: d_step { mayWrite(i) && mayCommand(i) && isPartner(i) && sealed[i] && up[i] && SEAL_SEEN(i) -> sendTransaction(i, PROMOTE) } \
    /* the primary's agent is gone: its server is closed from here */ \
    :: d_step { isPartner(i) && mayCommand(i) && up[other(i)] && access[other(i)] != CLOSED -> \
        access[other(i)] = CLOSED; marker[other(i)] = 0 } \
    :: d_step { alive[i] && endedOld[i] && !hasRead[i] && statement[i] == 0 && up[i] && access[i] != CLOSED && source[i] -> \
        access[i] = CLOSED; marker[i] = 0; check() } \
    /* ---- one that returns is compared */ \
    :: d_step { RETURNING(i) && up[i] && receiver[i] -> stopReceiver(i) } \
    :: d_step { RETURNING(i) && !receiver[i] && !hasAnswer[i] && leads(other(i)) && up[other(i)] && \
        access[other(i)] != CLOSED && !source[other(i)] && knownEpoch[other(i)] == knownEpoch[i] -> \
        hasAnswer[i] = 1; answerSet[i] = committed[other(i)] } \
    :: d_step { RETURNING(i) && hasAnswer[i] && COMPARED(i) -> \
        forgetComparison(i); compared[i] = knownEpoch[i] } \
    /* only received: thrown away */ \
    :: d_step { RETURNING(i) && hasAnswer[i] && !within(received[i], answerSet[i]) && within(logged[i], answerSet[i]) -> \
        received[i] = logged[i]; forgetComparison(i); check() } \
    /* only prepared: cut, with the server down */ \
    :: d_step { RETURNING(i) && hasAnswer[i] && !within(received[i], answerSet[i]) && \
        (received[i] & ~answerSet[i] & ~logged[i]) == 0 && within(committed[i], answerSet[i]) -> \
        if \
        :: up[i] -> stopServer(i) \
        :: else -> logged[i] = logged[i] & answerSet[i]; received[i] = logged[i]; forgetComparison(i) \
        fi; check() } \
    /* else: cloned */ \
    :: d_step { RETURNING(i) && hasAnswer[i] && !within(received[i], answerSet[i]) && !within(logged[i], answerSet[i]) && \
        !((received[i] & ~answerSet[i] & ~logged[i]) == 0 && within(committed[i], answerSet[i])) && up[other(i)] -> \
        if :: up[i] -> stopServer(i) :: else fi; \
        committed[i] = committed[other(i)]; logged[i] = committed[i]; received[i] = committed[i]; \
        hasSource[i] = 0; attached[i] = 0; forgetComparison(i); check() } \
    :: d_step { follows(i) && mayCommand(i) && up[i] && access[i] == CLOSED && !waits(i) && !promotes(i) && !source[i] && \
        !isPartner(i) && !isAttached(i) && compared[i] == knownEpoch[i] && replica[i] != named(i) && !receiver[i] -> \
        if :: replica[i] -> replica[i] = 0 :: else -> statement[i] = REP_ON fi } \
    :: d_step { follows(i) && mayCommand(i) && up[i] && access[i] == CLOSED && !waits(i) && !promotes(i) && !source[i] && \
        !isPartner(i) && !isAttached(i) && compared[i] == knownEpoch[i] && replica[i] == named(i) && !receiver[i] && !stale[i] -> \
        statement[i] = RECEIVE; statementEpoch[i] = knownEpoch[i] }

/* It boots closed; recovery commits what the binary log has. */
#define BOOT(i) \
    up[i] = 1; access[i] = CLOSED; source[i] = 1; replica[i] = 0; committed[i] = logged[i]; \
    hasAnswer[i] = 0; answerSet[i] = 0; check()

#define QUIET(i) (follows(i) && mayCommand(i) && up[i] && access[i] == CLOSED && !waits(i) && !promotes(i))
#define RETURNING(i) (follows(i) && mayCommand(i) && !isPartner(i) && !promotes(i) && compared[i] != knownEpoch[i] && \
    ((up[i] && access[i] == CLOSED && !waits(i) && !source[i] && !isAttached(i)) || !up[i]))
#define ORPHAN(i, what) \
    :: d_step { up[i] && (orphans[i] & what) != 0 -> orphans[i] = orphans[i] & ~what; execute(i, what, orphanEpoch[i]); check() }

/* ---- rules that can be left out */

#ifdef BREAK_MARKER
#define PROVEN(i) true
#else
#define PROVEN(i) (marker[i] == 2)
#endif

#ifdef BREAK_GROW
#define PROPOSE_AS PAIRING
#else
#define PROPOSE_AS PROPOSING
#endif

/* The receiver is seen off before the promotion, and again before a promoted server opens. */
#ifdef BREAK_SEAL
#define SEAL_SEEN(i) true
#else
#define SEAL_SEEN(i) (!receiver[i])
#endif
#if defined(BREAK_SEAL) || defined(BREAK_UNSEAL)
#define SEALED(i) true
#else
#define SEALED(i) (!receiver[i])
#endif

#ifdef BREAK_APPLY
#define CLEAN(i) SEALED(i)
#else
#define CLEAN(i) (SEALED(i) && !hasSource[i] && logged[i] == received[i])
#endif

#ifdef BREAK_COMPARE
#define COMPARED(i) true
#else
#define COMPARED(i) within(received[i], answerSet[i])
#endif

#ifdef BREAK_KILL
#define UNSTICK(i) statement[i] = SRC_OFF
#else
#define UNSTICK(i) stopServer(i); check()
#endif

#ifdef BREAK_SHRINK
#define SHRINK_DATABASE(i) \
    :: d_step { leads(i) && mayCommand(i) && up[i] && knownStanding[i] == PAIR && source[i] -> statement[i] = SRC_OFF }
#else
#define SHRINK_DATABASE(i)
#endif

#ifdef BREAK_UNKNOWN
#define READ_PROVES(i) \
    :: d_step { alive[i] && pending[i] != NONE && fresh[i] -> \
        pending[i] = NONE; oldNet[i] = oldNet[i] | net[i]; net[i] = 0 }
#else
#define READ_PROVES(i)
#endif

#ifdef BREAK_UNSEAL
#define UNKNOWN_UNSEALS(i) \
    :: d_step { pending[i] == PROMOTE -> \
        pending[i] = NONE; sealed[i] = 0; oldNet[i] = oldNet[i] | net[i]; net[i] = 0 }
#else
#define UNKNOWN_UNSEALS(i)
#endif

#ifdef BREAK_SESSIONS
#undef mayCommand
#define mayCommand(i) (alive[i] && statement[i] == 0)
#define ENDED(i) true
#else
#define ENDED(i) endedOld[i]
#endif

init {
    d_step {
        up[0] = 1; up[1] = 1; access[0] = WRITING; source[0] = 0; source[1] = 1;
        alive[0] = 1; alive[1] = 1; endedOld[0] = 1; endedOld[1] = 1;
        hasRead[0] = 1; knownPrimary[0] = 0; knownStanding[0] = SOLO; knownEpoch[0] = 1; fresh[0] = 1
    };
    do
    hostSteps(0)
    hostSteps(1)
    od
}

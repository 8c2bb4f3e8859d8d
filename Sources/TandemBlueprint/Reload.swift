/// What a reload does to connections that live long: programs go on with a new worker, and the old one finishes what it
/// carries.
enum Reload {
    /// How long an old worker goes on: as long as a WebSocket or a stream may be silent, so that a reload cuts nothing
    /// sooner than silence would. A time in HAProxy's and nginx's notation.
    static let bound = "1h"
    /// Old workers of one balancer at most; the oldest goes first. (nginx has no such bound, only the one in time; an
    /// old worker of its that carries one WebSocket holds about 10 MB.)
    static let workers = 8
}

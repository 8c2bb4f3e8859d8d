/// How large the headers of a request, and those of an answer, may be: one limit along the whole chain.
///
/// HAProxy's buffer holds more than that, so that a request beyond the limit is still read and answered with 431. What
/// does not fit into the buffer ends the connection, with all other requests on it. nginx's buffers hold what passed
/// the limit and the headers that proxies added.
enum HeaderLimits {
    static let bytes = 64 << 10
    /// Fields of a request or answer.
    static let fields = 500
    /// A path with its query; browsers stop far below.
    static let targetBytes = 32 << 10

    /// HAProxy sets buffers aside for requests under way, never for idle connections.
    static let balancerBufferBytes = 128 << 10
    /// Of these, kept free for headers that the front sets.
    static let balancerRewriteBytes = 4 << 10
    /// One list of this many fields stands on the stack of each of HAProxy's threads.
    static let balancerFields = 2 * fields

    static let webBufferKilobytes = (bytes >> 10) + 8
}

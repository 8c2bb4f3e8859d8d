/// Keeps a log from being filled with one sentence: what fails several times a second is told once, and again when it
/// says something else, or after a while.
struct RepeatedWords: Sendable {
    /// How long the same words are kept back.
    static let interval = Duration.seconds(10)

    private var last: (words: String, at: ContinuousClock.Instant)?

    /// Whether these words are to be told now.
    mutating func tells(_ words: String, at now: ContinuousClock.Instant) -> Bool {
        if let last, last.words == words, now - last.at < Self.interval { return false }
        last = (words, now)
        return true
    }
}

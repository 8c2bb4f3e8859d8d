/// What a counter that only grows counted in each second. A value: told of each look, it says what belongs to which
/// second.
struct CounterSteps: Sendable, Equatable {
    struct Step: Sendable, Equatable {
        var at: Int
        var requests: Int
        var errors: Int
    }

    /// After a longer pause it is not known when what was counted happened: those seconds stay unknown.
    static let longestPause = 5

    private var last: Step?

    mutating func look(requests: Int, errors: Int, at second: Int) -> [Step] {
        defer { last = Step(at: second, requests: requests, errors: errors) }
        guard let last, second >= last.at, second - last.at <= Self.longestPause else { return [] }
        // A counter that has become smaller was begun anew.
        let isAnew = requests < last.requests
        let more = isAnew ? requests : requests - last.requests
        let moreErrors = isAnew ? errors : max(0, errors - last.errors)
        // A look that came late tells of several seconds: they get equal parts, and the last one what is left over.
        let count = max(1, second - last.at)
        return (0..<count).map { number in
            let isLast = number == count - 1
            return Step(
                at: second - (count - 1 - number), requests: more / count + (isLast ? more % count : 0),
                errors: moreErrors / count + (isLast ? moreErrors % count : 0))
        }
    }
}

/// What a request is for.
public enum RequestKind: String, Codable, Sendable, CaseIterable {
    case read
    /// A POST that has the app record its number.
    case write
    /// A GET of what the same visitor has just written.
    case reread
}

/// How one attempt at a request ended.
public enum Attempt: Sendable, Equatable {
    /// A whole answer. `hasText`: whether the text that was asked for stands in it; true where none was.
    case answered(status: Int, hasText: Bool)
    /// There was no connection, so nothing of the request was sent.
    case notSent(String)
    /// The connection ended before any byte of an answer.
    case cut(String)
    /// The connection ended in the middle of the answer.
    case cutInAnswer(String)
    case timedOut
}

/// How a request ended for the visitor.
public enum Outcome: String, Codable, Sendable, CaseIterable {
    case good
    /// Answered on the second try.
    case retried
    case failed
    /// A write of which nobody can say yet whether it was done.
    case unknown
    /// An answer that lacks what the visitor wrote and was told is there.
    case stale
}

extension Outcome {
    /// Whether a GET may be sent again, on a new connection: as browsers have it, when the connection ended before any
    /// byte of an answer.
    public static func isRepeatable(_ attempt: Attempt) -> Bool {
        switch attempt {
        case .notSent, .cut: true
        case .answered, .cutInAnswer, .timedOut: false
        }
    }

    /// - Parameter second: the one retry, where there was one.
    public static func ofRead(_ first: Attempt, _ second: Attempt? = nil) -> Outcome {
        guard let second else { return isFine(first) ? .good : .failed }
        return isFine(second) ? .retried : .failed
    }

    public static func ofReread(_ first: Attempt, _ second: Attempt? = nil) -> Outcome {
        let last = second ?? first
        switch last {
        case .answered(let status, let hasText) where status == 404 || ((200..<400).contains(status) && !hasText):
            return .stale
        default: return ofRead(first, second)
        }
    }

    /// A write is never sent twice. What was cut on its way may have been done or not, and so may what a gateway has
    /// given up (502, 504).
    public static func ofWrite(_ attempt: Attempt) -> Outcome {
        switch attempt {
        case .answered(let status, _) where (200..<300).contains(status): .good
        case .answered(502, _), .answered(504, _): .unknown
        case .answered, .notSent: .failed
        case .cut, .cutInAnswer, .timedOut: .unknown
        }
    }

    private static func isFine(_ attempt: Attempt) -> Bool {
        if case .answered(let status, _) = attempt { (200..<400).contains(status) } else { false }
    }
}

extension Attempt: CustomStringConvertible {
    public var description: String {
        switch self {
        case .answered(let status, _): "status \(status)"
        case .notSent(let why): "no connection (\(why))"
        case .cut(let why): "cut before an answer (\(why))"
        case .cutInAnswer(let why): "cut in the answer (\(why))"
        case .timedOut: "no answer in time"
        }
    }
}

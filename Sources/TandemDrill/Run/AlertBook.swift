public import Foundation

/// An alert that the stack's monitors tell people of.
public struct FiredAlert: Codable, Hashable, Sendable {
    public var name: String
    public var host: String?
    /// When it began to fire.
    public var at: Date

    public init(name: String, host: String?, at: Date) {
        self.name = name
        self.host = host
        self.at = at
    }

    fileprivate var words: [String] { [name, host ?? ""] }
}

/// Which alerts began during a drill.
struct AlertBook {
    /// What the alerts are called that fired when the monitors last answered; nil: they have not yet. A monitor that is
    /// started anew says of the same alert that it began just now.
    private var last: Set<[String]>?
    private var fired: [FiredAlert] = []

    /// - Parameter firing: nil: no monitor answers.
    mutating func look(_ firing: [FiredAlert]?) {
        guard let firing else { return }
        if let last { fired += firing.filter { !last.contains($0.words) } }
        last = Set(firing.map(\.words))
    }

    /// Gives each alert to the fault before it: many fire a minute after what they tell of, when the next fault has
    /// begun. Nothing is given where the monitors never answered.
    func assign(to runs: inout [FaultRun]) {
        guard last != nil else { return }
        let struck = runs.indices.filter { runs[$0].struckDate != nil }
        for place in struck { runs[place].alerts = [] }
        for alert in fired.sorted(by: { ($0.at, $0.name, $0.host ?? "") < ($1.at, $1.name, $1.host ?? "") }) {
            guard let place = struck.last(where: { (runs[$0].struckDate ?? .distantFuture) <= alert.at }) else {
                continue
            }
            runs[place].alerts?.append(alert)
        }
    }
}

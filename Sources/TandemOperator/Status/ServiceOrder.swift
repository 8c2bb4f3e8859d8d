import TandemBlueprint
import TandemTopology

extension [ServiceStatus] {
    /// In the order in which a request passes them; workers, whom none passes, after the app.
    package var inRequestOrder: [ServiceStatus] {
        enumerated().sorted { (Self.place($0.element.name), $0.offset) < (Self.place($1.element.name), $1.offset) }
            .map(\.element)
    }

    private static func place(_ name: String) -> Int {
        ServiceName.allCases.firstIndex(of: ServiceName(statusName: name)) ?? 0
    }
}

import Testing

/// Stacks that mostly wait, for the next minute, or until an alert is due: they run beside the others, one at a time.
/// Their fronts have ports of their own (``TrialStack/besides(_:_:)``).
@Suite(.serialized, .timeLimit(.minutes(10)))
struct BesideTests {}

extension TrialStack {
    /// A stack that runs beside one with the default ports, which are taken and given back meanwhile.
    static func besides(_ name: String, _ yaml: String) throws -> TrialStack {
        try TrialStack(name, yaml, head: "balancer: {http_port: 18080, https_port: 18443}\n")
    }
}

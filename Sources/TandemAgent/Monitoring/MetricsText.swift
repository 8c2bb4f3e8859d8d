/// Prometheus' text format (exposition formats, version 0.0.4): families of samples, each with a help text and a type.
struct MetricsText {
    enum Kind: String {
        case counter
        case gauge
        case histogram
    }

    private(set) var text = ""

    /// - Parameter samples: what follows the name, such as `_sum` of a histogram, labels, and the value. A family
    ///   without samples is left out.
    mutating func add(
        _ name: String, _ kind: Kind, _ help: String,
        _ samples: [(suffix: String, labels: [(String, String)], value: Double)]
    ) {
        guard !samples.isEmpty else { return }
        text += "# HELP \(name) \(help)\n# TYPE \(name) \(kind.rawValue)\n"
        for sample in samples {
            let labels = sample.labels.map { "\($0.0)=\"\(Self.escaped($0.1))\"" }.joined(separator: ",")
            text += "\(name)\(sample.suffix)\(labels.isEmpty ? "" : "{\(labels)}") \(Self.number(sample.value))\n"
        }
    }

    mutating func add(
        _ name: String, _ kind: Kind, _ help: String, _ samples: [(labels: [(String, String)], value: Double)]
    ) {
        add(name, kind, help, samples.map { ("", $0.labels, $0.value) })
    }

    /// A family of one sample; nil: none.
    mutating func add(_ name: String, _ kind: Kind, _ help: String, _ value: Double?) {
        guard let value else { return }
        add(name, kind, help, [(labels: [], value: value)])
    }

    private static func number(_ value: Double) -> String {
        if value == value.rounded(), abs(value) < 1e15 { return String(Int64(value)) }
        return value.isNaN ? "NaN" : value.isInfinite ? (value > 0 ? "+Inf" : "-Inf") : "\(value)"
    }

    private static func escaped(_ value: String) -> String {
        var result = ""
        for character in value {
            switch character {
            case "\\": result += #"\\"#
            case "\"": result += #"\""#
            case "\n", "\r\n": result += #"\n"#
            default: result.append(character)
            }
        }
        return result
    }
}

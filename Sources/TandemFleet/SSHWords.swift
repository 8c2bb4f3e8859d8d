/// Reads what OpenSSH's client said when it failed (10.0 and earlier; its messages are not translated).
enum SSHWords {
    static func problem(_ words: String) -> ReachError.Problem {
        let lines = words.split(whereSeparator: \.isNewline).map { printable($0) }
        func first(_ test: (String) -> Bool) -> String? { lines.first(where: test) }

        if let line = first({ $0.hasPrefix("Host key for ") && $0.contains(" has changed") }) {
            let name = line.dropFirst("Host key for ".count).prefix { $0 != " " }
            let offending = first { $0.hasPrefix("Offending ") && $0.contains(" key in ") }
            return .changedKey(of: String(name), place: offending.flatMap { after(" key in ", in: $0) })
        }
        if let rest = lines.lazy.compactMap({ after(" host key is known for ", in: $0) }).first {
            return .unknownKey(of: String(rest.prefix { $0 != " " }))
        }
        if let rest = lines.lazy.compactMap({ after("Permission denied (", in: $0) }).first {
            return .refusedLogin(ways: String(rest.prefix { $0 != ")" }))
        }
        if first({ $0.contains("Too many authentication failures") }) != nil { return .tooManyKeys }
        if let rest = lines.lazy.compactMap({ after("Could not resolve hostname ", in: $0) }).first {
            return .unresolved(String(rest.prefix { $0 != ":" }))
        }
        if let line = first({ $0.hasPrefix("ssh: connect to host ") }) {
            return .unreachable(line.split(separator: ": ").last.map(String.init) ?? line)
        }
        if let line = first({ $0.contains("timed out") }) { return .unreachable(line) }
        if let line = first({ $0.contains("Bad configuration option") || $0.contains("Can't open user config file") }) {
            return .configuration(line)
        }
        if let line = first({ $0.contains("Connection closed by") || $0.contains("Connection reset by") }) {
            return .unreachable(line)
        }
        return .other(lines.suffix(3).joined(separator: "; ").nonEmpty ?? "OpenSSH's client does not say why")
    }

    private static func after(_ words: String, in line: String) -> String? {
        line.firstRange(of: words).map { String(line[$0.upperBound...]) }
    }

    /// Without what a terminal takes for a command: the other side's words are shown.
    static func printable(_ text: some StringProtocol) -> String {
        var result = ""
        for scalar in text.unicodeScalars where result.unicodeScalars.count < 500 {
            switch scalar.properties.generalCategory {
            case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .privateUse: continue
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }
}

extension String {
    fileprivate var nonEmpty: String? { isEmpty ? nil : self }
}

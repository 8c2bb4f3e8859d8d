/// Words of systemd's files (systemd.service(5), systemd.exec(5)).
public enum SystemdSyntax {
    /// A command line; no shell reads it.
    static func command(_ words: [String]) throws(BlueprintError) -> String {
        var quoted: [String] = []
        for item in words { quoted.append(try word(item)) }
        return quoted.joined(separator: " ")
    }

    /// One word of a command line: `$` names variables and `%` specifiers there, and `;` alone ends a command.
    static func word(_ text: String) throws(BlueprintError) -> String {
        let isPlain = text.utf8.allSatisfy { isLetterOrDigit($0) || "/._-+:=@,".utf8.contains($0) }
        if isPlain, !text.isEmpty { return text }
        var quoted = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"", "\\": quoted += "\\\(scalar)"
            case "$": quoted += "$$"
            case "%": quoted += "%%"
            case "\n": quoted += "\\n"
            case "\t": quoted += "\\t"
            default:
                guard scalar.value >= 0x20, scalar.value != 0x7f else {
                    throw .controlCharacter(value: text, file: "a systemd unit")
                }
                quoted.unicodeScalars.append(scalar)
            }
        }
        return "\"\(quoted)\""
    }

    /// A path in a directive that takes one, where `%` begins a specifier.
    static func path(_ text: String) throws(BlueprintError) -> String {
        try singleLine(text, for: "a systemd unit").split(separator: "%", omittingEmptySubsequences: false)
            .joined(separator: "%%")
    }

    /// A path in a list of them.
    static func listed(_ text: String) throws(BlueprintError) -> String {
        let path = try path(text)
        guard path.contains(where: { " \t'\"\\".contains($0) }) else { return path }
        return "\"" + path.flatMap { "\"\\".contains($0) ? ["\\", $0] : [$0] } + "\""
    }

    /// One line of an environment file: in double quotes, where only these four mean something, and line breaks stay.
    public static func variable(_ name: String, _ value: String) -> String {
        var quoted = ""
        for scalar in value.unicodeScalars {
            if "\"\\`$".unicodeScalars.contains(scalar) { quoted += "\\" }
            quoted.unicodeScalars.append(scalar)
        }
        return "\(name)=\"\(quoted)\"\n"
    }

    private static func isLetterOrDigit(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
    }
}

/// Refuses what no configuration format can hold on one line. Everything that is quoted passes through here.
func singleLine(_ value: String, for file: String) throws(BlueprintError) -> String {
    let isControl = { (scalar: Unicode.Scalar) in scalar.value < 0x20 || (0x7f...0x9f).contains(scalar.value) }
    guard !value.unicodeScalars.contains(where: isControl) else {
        throw .controlCharacter(value: value, file: file)
    }
    return value
}

/// A host name, address or domain as it may stand unquoted in every format.
func plainName(_ value: String, as use: String) throws(BlueprintError) -> String {
    let isPlain = { (byte: UInt8) in
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "-"):
            true
        default: false
        }
    }
    guard !value.isEmpty, value.utf8.allSatisfy(isPlain) else { throw .notAName(value: value, use: use) }
    return value
}

/// Words of an HAProxy configuration.
enum HAProxySyntax {
    /// Strong quotes: nothing within them is special, so that neither `$` nor `\` nor spaces mean anything.
    static func word(_ value: String) throws(BlueprintError) -> String {
        let text = try singleLine(value, for: "HAProxy's configuration")
        return "'" + text.split(separator: "'", omittingEmptySubsequences: false).joined(separator: #"'\''"#) + "'"
    }
}

/// Arguments of nginx directives.
enum NginxSyntax {
    /// The variable that stands for a dollar sign: nginx has no way to escape one where it expands variables.
    static let dollarVariable = "tandem_dollar"

    /// An argument in which nginx expands no variables.
    static func literal(_ value: String) throws(BlueprintError) -> String {
        let text = try singleLine(value, for: "nginx.conf")
        var quoted = ""
        for character in text {
            if character == "\"" || character == "\\" { quoted.append("\\") }
            quoted.append(character)
        }
        return "\"\(quoted)\""
    }

    /// An argument in which nginx expands variables, such as that of `root`.
    static func expanded(_ value: String) throws(BlueprintError) -> String {
        let literal = try literal(value)
        return literal.split(separator: "$", omittingEmptySubsequences: false).joined(separator: "${\(dollarVariable)}")
    }

    /// The argument of `include`, which takes `*`, `?` and `[` for patterns.
    static func included(_ value: String) throws(BlueprintError) -> String {
        let pattern = value.map { "*?[".contains($0) ? "[\($0)]" : String($0) }.joined()
        return try literal(pattern)
    }
}

/// Values of an option file of MySQL.
enum OptionFileSyntax {
    /// Quoted, so that `#` begins no comment and spaces at the ends stay.
    static func value(_ value: String) throws(BlueprintError) -> String {
        let text = try singleLine(value, for: "my.cnf")
        let hasDouble = text.contains("\"")
        guard !hasDouble || !text.contains("'") else { throw .bothQuotationMarks(value: value) }
        let quote = hasDouble ? "'" : "\""
        return quote + text.split(separator: "\\", omittingEmptySubsequences: false).joined(separator: #"\\"#) + quote
    }

    /// The name of a setting.
    static func key(_ key: String) throws(BlueprintError) -> String {
        let isNameCharacter = { (scalar: Unicode.Scalar) in
            scalar.isASCII
                && (scalar.properties.isAlphabetic || scalar.properties.numericType != nil || scalar == "_"
                    || scalar == ".")
        }
        guard !key.isEmpty, key.unicodeScalars.allSatisfy(isNameCharacter) else { throw .notASetting(key) }
        return key
    }
}

/// Scalars of YAML.
enum YAMLSyntax {
    /// In double quotes, where two characters mean something.
    static func text(_ value: String) throws(BlueprintError) -> String {
        var quoted = ""
        for character in try singleLine(value, for: "a YAML file") {
            if character == "\"" || character == "\\" { quoted.append("\\") }
            quoted.append(character)
        }
        return "\"\(quoted)\""
    }
}
